/** `mcp-proxy accept <url>`: takes the changed definitions of pinned tools. */
import { openPins, type PinnedServer } from '../../app/policy/pins.ts';
import type { StateConfig } from '../../config.ts';
import { printable } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { accepted } from '../../layers/policy/pins/accepted.ts';
import { cacheFolder } from '../../platform/folders.ts';
import type { SharedState } from '../../state/redis/shared-state.ts';
import type { CommandContext } from './context.ts';

/** A running proxy shows the tools with the next list. Rejects with a ProxyError when the pins cannot be changed. */
export async function accept(
  server: PinnedServer,
  context: CommandContext,
  state: StateConfig | undefined,
): Promise<void> {
  if (!state) return acceptIn(server, undefined, context);
  const { openSharedState } = await import('../../state/redis/shared-state.ts');
  const shared = openSharedState({ ...state, log: context.log });
  try {
    await acceptIn(server, shared, context);
  } finally {
    shared.close();
  }
}

async function acceptIn(
  server: PinnedServer,
  shared: SharedState | undefined,
  { print }: CommandContext,
): Promise<void> {
  const folder = cacheFolder(process.env);
  if (folder === undefined && !shared) {
    throw new ProxyError('internal', 'this user has no folder that could hold pinned tools', {
      hint: 'set HOME, or XDG_CACHE_HOME',
    });
  }
  const store = openPins(server, { folder, shared });
  const { pinned, changed } = await store.read();
  if (pinned.size === 0) {
    throw new ProxyError('internal', 'no tools of this server are pinned', {
      hint: 'write the URL or the command as for the proxy, which pins with --pin-tools',
    });
  }
  if (changed.size === 0) return print('no tool has changed');
  await store.update((now) => accepted(now, changed));
  for (const name of changed.keys()) print(`accepted ${JSON.stringify(printable(name, 80))}`);
}

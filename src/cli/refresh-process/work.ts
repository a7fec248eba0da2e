/** The work of the process that `start.ts` starts. */

import { openVault } from '../../auth/assemble.ts';
import { type RefreshContext, refreshStored } from '../../auth/refresh.ts';
import { credentialsName } from '../../auth/vault/credentials.ts';
import type { Vault } from '../../auth/vault/vault.ts';
import type { HttpServer } from '../../config.ts';
import { Cancellation } from '../../core/cancel.ts';
import type { SharedState } from '../../state/redis/shared-state.ts';
import type { CommandContext } from '../commands/context.ts';
import { openPlace } from '../sign-in-parts.ts';

/** How long to wait for a store that is gone, and how long between two attempts; in milliseconds. */
const [STORE_LIMIT, RETRY] = [10 * 60_000, 250];

type RefreshProcessContext = Omit<CommandContext, 'print' | 'progress' | 'isTerminal' | 'redact'>;

/** With `--state`, the credentials are in the store that replicas share. */
async function openStore({ config, log }: RefreshProcessContext): Promise<SharedState | undefined> {
  const state = config.listen?.state;
  return state && (await import('../../state/redis/shared-state.ts')).openSharedState({ ...state, log });
}

/** Stores new tokens as soon as the store can be used: the authorization server gives them once, and to this process. */
function patient(vault: Vault): RefreshContext['vault'] {
  return {
    pause: (serial) => vault.pause(serial),
    keepPause: (pause) => vault.keepPause(pause),
    async replace(stored, changed) {
      for (const until = Date.now() + STORE_LIMIT; ; ) {
        try {
          return await vault.replace(stored, changed);
        } catch (error) {
          if (Date.now() >= until) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    },
  };
}

/** Refreshes the stored credentials, unless their serial has changed. Rejects with a ProxyError. */
export async function refreshOnce(server: HttpServer, serial: number, context: RefreshProcessContext): Promise<void> {
  const { options: own, http } = await openPlace(server, { ...context, redact: String });
  const shared = await openStore(context);
  const options = shared ? { ...own, store: shared.credentials, locks: shared.locks } : own;
  const name = credentialsName(server.url, server.auth.resource, server.auth.profile);
  // A separate lock: the process that started this one holds the other, and may be dead by now.
  const vault = openVault(options, name, 'renewal');
  const wire = { fetch: http.fetch, server: server.url, signal: new Cancellation() };
  const isOther = async (): Promise<true | undefined> => ((await vault.read())?.serial === serial ? undefined : true);
  try {
    if (await vault.lockUnless(isOther, wire.signal)) return;
    const stored = await vault.read();
    const kept = shared ? patient(vault) : vault;
    if (stored) await refreshStored({ wire, config: server.auth, vault: kept, log: context.log }, stored);
  } finally {
    // A store that is gone at this moment gets them later.
    await shared?.credentials.saved(STORE_LIMIT);
    await vault.unlock();
    http.close();
    shared?.close();
  }
}

/** Connects once with what was written, and says what the host will see. */
import { ProxyError } from '../../../errors.ts';
import { contact } from '../../../hosts/contact.ts';
import type { Host } from '../../../hosts/host.ts';
import type { CommandContext } from '../context.ts';
import type { Server } from './server.ts';

/** Rejects with a ProxyError when the server cannot be used. The entry stays. */
export async function tryOut({ name, entry }: Server, host: Host, context: CommandContext): Promise<void> {
  const { log, progress, print, redact, version } = context;
  const isWatched = process.stdin.isTTY && process.stderr.isTTY;
  progress.step(`connecting as ${host.name} will`);
  const seen = await contact(host, entry, {
    env: process.env,
    version,
    onPage: (page) => {
      // From now on, the user does something and the program waits.
      progress.end();
      if (isWatched) log.info('waiting for you to sign in on the page that just opened in your browser, or at', page);
      return isWatched;
    },
  });
  switch (seen.kind) {
    case 'tools':
      print(redact(`connected to ${seen.server}, revision ${seen.revision}, ${counted(seen.tools)}`));
      print(`next: ${host.reload}`);
      return;
    case 'sign-in':
      print('connected; the server asks for a sign-in, and the host will show this page:');
      print(seen.page);
      print(`next: ${host.reload}`);
      return;
    case 'failed':
      throw new ProxyError('failed', redact(`${name} is written, but does not work: ${seen.problem}`), {
        hint: redact(
          seen.hint ?? `correct it and run the same command again, or: mcp-proxy uninstall ${host.id} ${name}`,
        ),
      });
  }
}

function counted(tools: number): string {
  return tools === 1 ? '1 tool' : `${tools} tools`;
}

/** Connects once with what was written, and says what the host will see. */
import { ProxyError } from '../../../errors.ts';
import { contact, type Seen } from '../../../hosts/contact.ts';
import type { Host } from '../../../hosts/host.ts';
import { targetIn } from '../../../hosts/own-entry.ts';
import type { CommandContext } from '../context.ts';
import type { GivenServer } from './server.ts';

/** @param undo the command that takes the server out again */
export async function tryOut(server: GivenServer, host: Host, undo: string, context: CommandContext): Promise<void> {
  const { print, redact } = context;
  const seen = await lookedAt(server, host, context);
  switch (seen.kind) {
    case 'tools':
      print(redact(`connected to ${seen.server}, revision ${seen.revision}, ${counted(seen.tools)}`));
      // Servers may offer more to a host that declares more.
      print(`next: ${host.reload}; it may see other tools, depending on what ${host.name} supports`);
      return;
    case 'sign-in':
      print('the server asks for a sign-in:');
      print(redact(`start ${host.name} to sign in, or run: ${loginCommand(server)}`));
      print(`next: ${host.reload}`);
      return;
    case 'failed':
      throw new ProxyError('failed', redact(`"${server.name}" is written, but does not work: ${seen.problem}`), {
        hint: redact(`${seen.hint ?? 'correct it and run the same command again'}; to undo: ${undo}`),
      });
  }
}

/** What the host sees, after a sign-in if there is a user to sign in. */
async function lookedAt({ entry }: GivenServer, host: Host, context: CommandContext): Promise<Seen> {
  const { log, progress, version } = context;
  const isWatched = process.stdin.isTTY && process.stderr.isTTY;
  progress.step(`connecting in the way ${host.name} does`);
  let isAsked = false;
  const look = (): Promise<Seen> =>
    contact(host, entry, {
      env: process.env,
      version,
      onPage: (page) => {
        const isFirst = !isAsked;
        isAsked = true;
        // From now on, the user does something and the program waits.
        progress.end();
        if (isWatched && isFirst) {
          log.info('waiting for you to sign in; if your browser did not open this page, open it yourself:', page);
        }
        return isWatched && isFirst;
      },
    });
  const seen = await look();
  // Before the sign-in, the program answered for the server, which it did not know yet.
  return seen.kind === 'tools' && isAsked ? look() : seen;
}

function loginCommand({ entry: { args } }: GivenServer): string {
  const at = args.indexOf('--profile');
  return ['mcp-proxy login', targetIn(args), ...(at === -1 ? [] : args.slice(at, at + 2))].join(' ');
}

function counted(tools: number): string {
  return tools === 1 ? '1 tool' : `${tools} tools`;
}

/** `mcp-proxy install <host> <url>`: writes a server into the configuration of a host, and tries it out. */
import { redactor } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { snippet } from '../../hosts/configuration.ts';
import { isInstalled } from '../../hosts/places.ts';
import type { ParsedArguments } from '../flags/words.ts';
import type { CommandContext } from './context.ts';
import { type Target, targetOf } from './install/configuration-file.ts';
import { agree } from './install/consent.ts';
import { readInstall } from './install/request.ts';
import { serverOf } from './install/server.ts';
import { tryOut } from './install/try-out.ts';
import { writeServer } from './install/write.ts';

/** Rejects with a ProxyError when nothing was written, or when what was written does not connect. */
export async function install(given: ParsedArguments, context: CommandContext): Promise<void> {
  const { flags } = given;
  const request = readInstall(given);
  const shared = flags.has('project');
  const target = targetOf(request.host, { project: shared });
  const server = await serverOf(request, flags, { target, shared });
  for (const note of server.notes) context.log.info(note);
  if (flags.has('print')) {
    context.log.info(`to add to ${target.place.file}:`);
    context.print(snippet(request.host, server.name, server.entry));
    return;
  }
  refuseMissing(target);
  const hidden = { ...context, redact: redactor(server.secrets) };
  const yes = flags.has('yes');
  await writeServer(server, target, { ...hidden, shared, ask: (question) => agree(question, { yes }) });
  await tryOut(server, target.host, hidden);
}

function refuseMissing({ host, place, machine }: Target): void {
  if (isInstalled(host, place, machine)) return;
  throw new ProxyError('internal', `${host.name} is not installed: ${place.folder} does not exist`, {
    hint: `start ${host.name} once, then try again; --print shows what to write`,
  });
}

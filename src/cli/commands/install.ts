/** `mcp-proxy install <host> <url>`, or `install <host> -- <command>`: writes a server into the configuration of a host, and tries it out. */
import { existsSync } from 'node:fs';
import { redactor } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { serversIn, snippet } from '../../hosts/configuration.ts';
import { textOf } from '../../hosts/file.ts';
import { isInstalled } from '../../hosts/places.ts';
import { backupOf } from '../../hosts/receipts.ts';
import type { ParsedArguments } from '../flags/words.ts';
import type { CommandContext } from './context.ts';
import { agree } from './install/consent.ts';
import { snapshotOf, type Target, targetOf } from './install/host-file.ts';
import { type InstallRequest, readInstall } from './install/request.ts';
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
    const verb = (await has(target, server.name)) ? `to replace "${server.name}" in` : 'to add to';
    context.log.info(`${verb} ${target.place.file}:`);
    context.print(snippet(request.host, server.name, server.entry));
    return;
  }
  refuseMissing(target);
  await server.checkProgram();
  const hidden = { ...context, redact: redactor(server.secrets) };
  const yes = flags.has('yes');
  await writeServer(server, target, { ...hidden, shared, ask: (question) => agree(question, { yes }) });
  const undo = `mcp-proxy uninstall ${target.host.id} ${server.name}${shared ? ' --project' : ''}`;
  await tryOut(server, target.host, undo, hidden);
  const backup = backupOf(target.place.file, server.name);
  context.print(`to undo: ${undo}${existsSync(backup) ? `; until then, the file from before is ${backup}` : ''}`);
  for (const line of kept(request, server.name)) context.print(line);
}

/** Whether the configuration has a server of this name, as far as it can be read. */
async function has(target: Target, name: string): Promise<boolean> {
  try {
    return Object.hasOwn(serversIn(target.host, textOf(await snapshotOf(target))), name);
  } catch {
    return false;
  }
}

/** What is said of an entry that was copied. */
function* kept({ host, source }: InstallRequest, name: string): Generator<string> {
  if (!('host' in source) || (source.host === host && source.name === name)) return;
  const { host: from, name: old } = source;
  yield `${from.name} keeps its entry "${old}"; to remove it: mcp-proxy uninstall ${from.id} ${old}`;
}

function refuseMissing({ host, place, machine }: Target): void {
  if (isInstalled(host, place, machine)) return;
  throw new ProxyError('internal', `${host.name} is not installed: ${place.folder} does not exist`, {
    hint: `start ${host.name} once, then try again; --print shows what to write`,
  });
}

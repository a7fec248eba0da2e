/** From a request to the server as it will be in the configuration. */
import { readFileSync } from 'node:fs';
import { printable } from '../../../core/redact.ts';
import { ProxyError } from '../../../errors.ts';
import { serverIn, serversIn } from '../../../hosts/configuration.ts';
import { textOf } from '../../../hosts/file.ts';
import type { Entry, Host } from '../../../hosts/host.ts';
import { pinnedCommand, runningProgram } from '../../../hosts/pinned-command.ts';
import { read } from '../../flags/args.ts';
import { checkServerName } from '../../flags/checks.ts';
import { credentialsIn } from '../../flags/read-headers.ts';
import { readUrl } from '../../flags/url-argument.ts';
import { usageError } from '../../flags/usage-error.ts';
import { checkValue, Flags, type ParsedArguments, readTokens } from '../../flags/words.ts';
import { snapshotOf, type Target, targetOf, uneditable } from './configuration-file.ts';
import { entryArguments } from './entry-arguments.ts';
import { type Rewritten, rewritten } from './foreign-entry.ts';
import type { InstallRequest } from './request.ts';
import { nameFor } from './server-name.ts';

export interface Server {
  readonly name: string;
  /** Whether the user chose the name. */
  readonly isNamed: boolean;
  readonly entry: Entry;
  /** The program and its script: the words with which every entry of this program begins. */
  readonly program: readonly string[];
  readonly secrets: readonly string[];
  /** What the user should know. */
  readonly notes: readonly string[];
}

/** Rejects with a ProxyError, `usage` where the words are wrong. */
export async function serverOf(
  { host, source, name }: InstallRequest,
  given: Flags,
  { shared }: { readonly target: Target; readonly shared: boolean },
): Promise<Server> {
  const taken = 'url' in source ? undefined : await takenOver(source.host, source.name);
  const { flags, words } = taken ? merged(readTokens(taken.words), given) : { flags: given, words: [] };
  const env = { ...process.env, ...taken?.env };
  const url = readUrl('url' in source ? source.url : (words[0] ?? ''));
  if (flags.text('listen') !== undefined)
    throw usageError('hosts start servers on stdio', 'leave --listen and its flags out');
  const basic = credentialsIn(url);
  const { options, secrets } = read(url, flags, env, (file) => readFileSync(file, 'utf8'));
  const { command, args, warning } = pinnedCommand(runningProgram());
  const surroundings = { host, env, cwd: process.cwd(), shared };
  const found = entryArguments(url, flags, options.authorizationFromUrl ? basic : undefined, surroundings);
  return {
    name: name ?? ('url' in source ? nameFor(url) : source.name),
    isNamed: name !== undefined || !('url' in source),
    entry: {
      command,
      args: [...args, ...found.args],
      env: { ...(shared ? {} : taken?.env), ...found.env },
      inherited: found.inherited,
    },
    program: [command, ...args],
    secrets: [...secrets, ...found.secrets, ...Object.values(taken?.env ?? {})],
    notes: [...(taken?.notes ?? []), ...found.notes, ...(warning ? [warning] : [])],
  };
}

/** A server that a host has, in the words of this program. */
async function takenOver(host: Host, name: string): Promise<Rewritten> {
  const wrong = checkServerName(name);
  if (wrong) throw usageError('the name of the server is not one that every host accepts', wrong);
  const target = targetOf(host, { project: false });
  const text = textOf(await snapshotOf(target));
  try {
    const found = serverIn(host, text, name);
    if (found) return rewritten(found, host);
    throw noServer(target, text, name);
  } catch (error) {
    throw uneditable(target, error);
  }
}

/** The error when a host does not have a server. */
export function noServer({ host, place }: Target, text: string, name: string): ProxyError {
  const names = Object.keys(serversIn(host, text)).slice(0, 20);
  return new ProxyError(
    'internal',
    `${host.name} has no server ${JSON.stringify(name.slice(0, 64))} in ${place.file}`,
    {
      hint: names.length > 0 ? `it has ${names.map((one) => printable(one, 60)).join(', ')}` : 'it has no servers',
    },
  );
}

/** The flags of an entry, with those of the command line instead of its own. */
function merged(taken: ParsedArguments, given: Flags): { readonly flags: Flags; readonly words: readonly string[] } {
  const own = [...given.all].filter(([option]) => option.only === undefined);
  const isReplaced = (name: string): boolean => own.some(([option]) => option.name === name && !option.repeatable);
  const flags = new Flags();
  for (const [option, values] of [...taken.flags.all, ...own]) {
    if (taken.flags.all.get(option) === values && isReplaced(option.name)) continue;
    for (const value of values) {
      checkValue(option, value);
      flags.add(option, value);
    }
  }
  return { flags, words: taken.positionals };
}

/** From a request to the server as it will be in the configuration. */
import { readFileSync } from 'node:fs';
import { printable } from '../../../core/redact.ts';
import { ProxyError } from '../../../errors.ts';
import { serverIn, serversIn } from '../../../hosts/configuration.ts';
import { textOf } from '../../../hosts/file.ts';
import type { Entry, Host } from '../../../hosts/host.ts';
import { pinnedCommand, runningProgram } from '../../../hosts/pinned-command.ts';
import { read } from '../../flags/args.ts';
import { explain } from '../../flags/mistakes/explain.ts';
import { credentialsIn } from '../../flags/reading/headers.ts';
import { readUrl } from '../../flags/url-argument.ts';
import { UnexplainedMistake, usageError } from '../../flags/usage-error.ts';
import { checkServerName } from '../../flags/value-checks.ts';
import { checkValue, Flags, type ParsedArguments, readTokens } from '../../flags/words.ts';
import { type EntryArguments, entryArguments, localEntryArguments, type Surroundings } from './entry-arguments.ts';
import { type Rewritten, rewritten } from './foreign-entry.ts';
import { snapshotOf, type Target, targetOf, uneditable } from './host-file.ts';
import { checkProgram, noteOnFiles, readLocalServer, withFullFolder, withFullPath } from './local-server.ts';
import type { InstallRequest } from './request.ts';
import { nameFor } from './server-name.ts';

export interface GivenServer {
  readonly name: string;
  /** Whether the user chose the name. */
  readonly isNamed: boolean;
  readonly entry: Entry;
  /** Rejects with a ProxyError when the program of a local server cannot be started. */
  readonly checkProgram: () => Promise<void>;
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
): Promise<GivenServer> {
  const own = withFullFolder(given);
  const taken = 'host' in source ? await takenOver(source.host, source.name) : undefined;
  const words = taken ? merged(readTokens(taken.words), own) : { flags: own, positionals: [], command: undefined };
  if (words.flags.text('listen') !== undefined)
    throw usageError('hosts start servers on stdio', 'leave --listen and its flags out');
  const surroundings = { host, env: { ...process.env, ...taken?.env }, cwd: process.cwd(), shared };
  const typed = 'command' in source ? withFullPath(source.command, own.text('cwd')) : undefined;
  const local = typed ?? words.command;
  const {
    found,
    secrets,
    defaultName,
    checkProgram: check,
  } = local
    ? localServer(local, words.flags, { ...surroundings, taken, isTyped: typed !== undefined })
    : remoteServer('url' in source ? source.url : (words.positionals[0] ?? ''), words.flags, surroundings);
  const { command, args, warning } = pinnedCommand(runningProgram());
  return {
    name: name ?? ('host' in source ? source.name : defaultName),
    isNamed: name !== undefined || 'host' in source,
    checkProgram: check,
    entry: {
      command,
      args: [...args, ...found.args],
      env: { ...(shared ? {} : taken?.env), ...found.env },
      inherited: found.inherited,
    },
    program: [command, ...args],
    secrets: [...secrets, ...found.secrets, ...Object.values(taken?.env ?? {})],
    notes: [
      ...(taken?.notes ?? []),
      ...found.notes,
      ...(warning ? [warning] : []),
      ...(shared ? [onlyWhere([command, ...args])] : []),
    ],
  };
}

/** The same as `readUrl`, with an explanation that fits the arguments of `install`. */
function urlIn(text: string): URL {
  try {
    return readUrl(text);
  } catch (error) {
    if (!(error instanceof UnexplainedMistake)) throw error;
    const { message, data } = explain(error);
    throw usageError(message.replace('the first argument', 'what follows the host'), data.hint ?? '');
  }
}

/** What the words say of a server. */
interface ServerWords {
  readonly found: EntryArguments;
  readonly secrets: readonly string[];
  readonly defaultName: string;
  /** Rejects with a ProxyError when the program of a local server is not there. */
  readonly checkProgram: () => Promise<void>;
}

function remoteServer(given: string, flags: Flags, from: Surroundings): ServerWords {
  const url = urlIn(given);
  const basic = credentialsIn(url);
  const { options, secrets } = read(url, flags, from.env, (file) => readFileSync(file, 'utf8'));
  const found = entryArguments(url, flags, options.authorizationFromUrl ? basic : undefined, from);
  return { found, secrets, defaultName: nameFor(url), checkProgram: () => Promise.resolve() };
}

interface LocalSurroundings extends Surroundings {
  /** The entry that is taken over, if one is. */
  readonly taken: Rewritten | undefined;
  /** Whether the user typed the command in this folder. */
  readonly isTyped: boolean;
}

function localServer(command: readonly string[], flags: Flags, from: LocalSurroundings): ServerWords {
  const { server, secrets } = readLocalServer(command, flags, from.env);
  const found = localEntryArguments(command, flags, from.taken ?? { env: {}, inherited: [] }, from);
  const notes = [...found.notes, ...(from.isTyped ? noteOnFiles(server) : [])];
  return {
    found: { ...found, notes },
    secrets,
    defaultName: server.name,
    checkProgram: () => checkProgram(server, from.env),
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
function merged(taken: ParsedArguments, given: Flags): ParsedArguments {
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
  return { ...taken, flags };
}

function onlyWhere(paths: readonly string[]): string {
  const exist = paths.length === 1 ? 'this path exists' : 'these paths exist';
  return `the entry works only where ${exist}: ${paths.join(' and ')}`;
}

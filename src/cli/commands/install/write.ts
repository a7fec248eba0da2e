/** Writes a server into the configuration of a host, in a way that can be undone. */
import { promises as fs } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ProxyError } from '../../../errors.ts';
import { hasSection, serversIn, snippet, withServer } from '../../../hosts/configuration.ts';
import { entryValue, readEntry } from '../../../hosts/entries.ts';
import { type Snapshot, writeBackup } from '../../../hosts/file.ts';
import type { Host } from '../../../hosts/host.ts';
import { ownTarget, targetIn } from '../../../hosts/own-entry.ts';
import { backupOf, digest, entryDigest, type Receipt, Receipts } from '../../../hosts/receipts.ts';
import { undone } from '../../../hosts/undo.ts';
import { ifThere } from '../../../platform/files.ts';
import { cacheFolder } from '../../../platform/folders.ts';
import { usageError } from '../../flags/usage-error.ts';
import type { CommandContext } from '../context.ts';
import { type Change, changeFile, type Target, uneditable } from './host-file.ts';
import type { GivenServer } from './server.ts';
import { freeName } from './server-name.ts';

interface WriteOptions extends Pick<CommandContext, 'print' | 'redact' | 'log'> {
  /** Whether the file is for others too. */
  readonly shared: boolean;
  readonly ask: (question: string) => Promise<boolean>;
}

interface WritePlan {
  readonly change: Change;
  readonly receipt: Receipt;
  /** Whether the file has a server of this name. */
  readonly replaces: boolean;
}

/** Rejects with a ProxyError when nothing was written. */
export async function writeServer(server: GivenServer, target: Target, options: WriteOptions): Promise<void> {
  const { host } = target;
  const { print, redact, log, shared, ask } = options;
  const receipts = new Receipts(cacheFolder(process.env));
  let planned: WritePlan | undefined;
  const plan = async (snapshot: Snapshot, text: string): Promise<Change | undefined> => {
    planned = await planFor(server, host, { snapshot, text, receipts });
    return planned?.change;
  };
  const mode = shared ? 0o666 & ~process.umask() : 0o600;
  try {
    const outcome = await changeFile(target, 'first', { plan, secrets: server.secrets, print, ask, mode });
    if (outcome.kind === 'declined') {
      throw new ProxyError('internal', 'nothing was written', { hint: '--print shows what to write by hand' });
    }
    if (outcome.kind === 'unchanged') print(`"${server.name}" is in ${host.name} already`);
    if (outcome.kind !== 'written' || !planned) return;
    const { receipt, replaces } = planned;
    await receipts.write({ ...receipt, folders: [...receipt.folders, ...outcome.folders] });
    print(`${replaces ? 'replaced' : 'added'} "${server.name}" ${replaces ? 'in' : 'to'} ${host.name}`);
  } catch (error) {
    const told = uneditable(target, error);
    if (!(told instanceof ProxyError) || told === error) throw told;
    // The reason first: what follows is longer than many a terminal.
    log.error(told.message);
    print('to add by hand (--print shows hidden values too):');
    print(redact(snippet(host, server.name, server.entry)));
    throw new ProxyError(
      'internal',
      'nothing was written',
      told.data.hint === undefined ? {} : { hint: told.data.hint },
    );
  }
}

interface Current {
  readonly snapshot: Snapshot;
  readonly text: string;
  readonly receipts: Receipts;
}

/** What to write and how to undo it; undefined when the file has the very server. Throws Unreadable. */
async function planFor(
  server: GivenServer,
  host: Host,
  { snapshot, text, receipts }: Current,
): Promise<WritePlan | undefined> {
  const { name, entry } = server;
  const { file } = snapshot;
  const servers = serversIn(host, text);
  const old = Object.hasOwn(servers, name) ? servers[name] : undefined;
  const value = entryValue(host, entry);
  if (isDeepStrictEqual(old, value)) return undefined;
  const receipt = await receipts.read(file, name);
  if (old !== undefined) refuseTaken(server, host, servers);
  const backup = backupOf(file, name);
  // What an uninstall brings back: what was there before this program wrote the server for the first time.
  const before =
    receipt && old !== undefined && snapshot.bytes
      ? undone(host, name, { bytes: snapshot.bytes, text, receipt, backup: await ifThere(fs.readFile(backup)) })
      : snapshot.bytes;
  const bytes = Buffer.from(withServer(host, text, name, value));
  const others = await receipts.of(file);
  return {
    change: {
      bytes,
      question: old === undefined ? `add "${name}" to ${host.name}?` : `replace "${name}" in ${host.name}?`,
      prepare: () => writeBackup({ ...snapshot, bytes: before }, backup),
    },
    replaces: old !== undefined,
    receipt: {
      file,
      name,
      before: before ? digest(before) : null,
      after: digest(bytes),
      entry: entryDigest(value),
      folders: others.flatMap(({ folders }) => folders),
      madeFile: before === undefined || others.some(({ madeFile }) => madeFile),
      madeSection: !hasSection(host, before?.toString('utf8') ?? '') || others.some(({ madeSection }) => madeSection),
    },
  };
}

/** Throws a usage error when a name that the program chose is that of a server that is for something else. */
function refuseTaken({ name, isNamed, program, entry }: GivenServer, host: Host, servers: WrittenServers): void {
  const target = targetIn(entry.args.slice(program.length - 1)) ?? '';
  if (isNamed || ownTarget(readEntry(servers[name]).words, program) === target) return;
  const free = freeName(name, target, (candidate) => Object.hasOwn(servers, candidate));
  throw usageError(
    `${host.name} has another server with the name "${name}"`,
    `--name ${free} adds this one, --name ${name} replaces the other one`,
  );
}

type WrittenServers = Readonly<Record<string, unknown>>;

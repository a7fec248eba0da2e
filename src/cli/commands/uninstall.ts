/** `mcp-proxy uninstall <host> <name>`: takes a server out of the configuration of a host again. */
import { existsSync, promises as fs } from 'node:fs';
import { ProxyError } from '../../errors.ts';
import { serversIn } from '../../hosts/configuration.ts';
import { readEntry } from '../../hosts/entries.ts';
import { removeFolders, type Snapshot, writeBackup } from '../../hosts/file.ts';
import type { Host } from '../../hosts/host.ts';
import { ownTarget } from '../../hosts/own-entry.ts';
import { pinnedCommand, runningProgram } from '../../hosts/pinned-command.ts';
import { backupOf, digest, entryDigest, type Receipt, Receipts } from '../../hosts/receipts.ts';
import { undone } from '../../hosts/undo.ts';
import { ifThere } from '../../platform/files.ts';
import { cacheFolder } from '../../platform/folders.ts';
import type { ParsedArguments } from '../flags/words.ts';
import type { CommandContext } from './context.ts';
import { agree } from './install/consent.ts';
import { type Change, changeFile, targetOf, uneditable } from './install/host-file.ts';
import { readUninstall } from './install/request.ts';
import { noServer } from './install/server.ts';

/** Rejects with a ProxyError when nothing was changed. */
export async function uninstall(given: ParsedArguments, { print }: CommandContext): Promise<void> {
  const { flags } = given;
  const { host, name } = readUninstall(given);
  const target = targetOf(host, { project: flags.has('project') });
  const receipts = new Receipts(cacheFolder(process.env));
  let receipt: Receipt | undefined;
  const plan = async ({ file, bytes }: Snapshot, text: string): Promise<Change> => {
    const servers = serversIn(host, text);
    if (!bytes || !Object.hasOwn(servers, name)) throw noServer(target, text, name);
    receipt = await receipts.read(file, name);
    const backup = await ifThere(fs.readFile(backupOf(file, name)));
    return {
      bytes: undone(host, name, { bytes, text, receipt, backup }),
      question: questionFor(name, receipt, servers[name]),
    };
  };
  const yes = flags.has('yes');
  try {
    const outcome = await changeFile(target, flags.has('print') ? 'only' : 'first', {
      plan,
      secrets: [],
      print,
      ask: (question) => agree(question, { yes }),
      mode: 0o600,
    });
    if (outcome.kind === 'declined') {
      throw new ProxyError('internal', 'nothing was changed', { hint: `"${name}" is still in ${target.place.file}` });
    }
    if (outcome.kind !== 'written') return;
    await forget(host, name, { ...outcome, receipt, receipts });
    if (outcome.change.bytes === undefined) await removeFolders(receipt?.folders ?? []);
    print(`removed "${name}" from ${host.name}`);
    const backup = backupOf(outcome.snapshot.file, name);
    if (!receipt && existsSync(backup)) print(`the file from before the installation stays: ${backup}`);
  } catch (error) {
    throw uneditable(target, error);
  }
}

interface Removed {
  readonly snapshot: Snapshot;
  readonly change: Change;
  readonly receipt: Receipt | undefined;
  readonly receipts: Receipts;
}

/** Removes what was kept for the server, and takes it out of what is kept for others that were written after it. */
async function forget(host: Host, name: string, { snapshot, change, receipt, receipts }: Removed): Promise<void> {
  const { file, bytes } = snapshot;
  const backup = await ifThere(fs.readFile(backupOf(file, name)));
  await receipts.remove(file, name);
  if (!receipt) return;
  for (const other of await receipts.of(file)) {
    const copy = await ifThere(fs.readFile(backupOf(file, other.name)));
    if (!copy || digest(copy) !== other.before || !Object.hasOwn(serversIn(host, copy.toString('utf8')), name))
      continue;
    const without = undone(host, name, { bytes: copy, text: copy.toString('utf8'), receipt, backup });
    if (without) await writeBackup({ ...snapshot, bytes: without }, backupOf(file, other.name));
    else await fs.rm(backupOf(file, other.name), { force: true });
    const isLatest = bytes !== undefined && change.bytes !== undefined && other.after === digest(bytes);
    await receipts.write({
      ...other,
      before: without ? digest(without) : null,
      after: isLatest ? digest(change.bytes) : other.after,
    });
  }
  await fs.rm(backupOf(file, name), { force: true });
}

/** An entry that is as this program wrote it goes without a question. */
function questionFor(name: string, receipt: Receipt | undefined, value: unknown): string | undefined {
  if (receipt) return receipt.entry === entryDigest(value) ? undefined : `"${name}" was edited since; remove it?`;
  const { command, args } = pinnedCommand(runningProgram());
  return ownTarget(readEntry(value).words, [command, ...args]) === undefined
    ? `"${name}" was not written by this program; remove it?`
    : `there is no record of the installation of "${name}" (the cache folder was emptied); remove it?`;
}

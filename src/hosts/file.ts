/** Reads and replaces the configuration file of a host: whole or not at all, and never one that belongs to somebody else. */
import { randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { ProxyError } from '../errors.ts';
import { codeOf, ifThere, insistently } from '../platform/files.ts';

/** The longest file, in bytes. The largest ones that hosts write have a few million. */
const LONGEST = 64 * 1_048_576;

export interface Snapshot {
  /** The file itself, links resolved. */
  readonly file: string;
  /** Undefined when the file does not exist. */
  readonly bytes: Buffer | undefined;
  readonly mode: number | undefined;
  readonly gid: number | undefined;
}

export interface Bounds {
  /** The folders that links must not lead out of; at least one contains the file. */
  readonly within: readonly string[];
}

/** Rejects with a ProxyError when the file is not this user's, or a link leads out of the bounds. */
export async function takeSnapshot(file: string, { within }: Bounds): Promise<Snapshot> {
  const real = await resolved(file);
  const bounds = await Promise.all(within.map(resolved));
  if (!bounds.some((folder) => isWithin(real, folder))) {
    throw refusal(`${file} is a link to ${real}, outside of your home folder`, 'replace the link with a file');
  }
  const stats = await ifThere(fs.stat(real));
  // The folder of a file that does not exist yet, or the nearest one above.
  const owned = stats ?? (await nearest(path.dirname(real)));
  const user = process.getuid?.();
  if (user !== undefined && owned.uid !== user) {
    const what = stats ? real : `the folder of ${real}`;
    throw refusal(`${what} belongs to another user (uid ${owned.uid})`, 'run this as the user who starts the host');
  }
  if (!stats) return { file: real, bytes: undefined, mode: undefined, gid: undefined };
  if (!stats.isFile()) throw refusal(`${real} is not a file`, 'remove it, then try again');
  if (stats.size > LONGEST)
    throw refusal(`${real} is too large (${stats.size} bytes)`, 'make it smaller, then try again');
  return { file: real, bytes: await readWhole(real), mode: stats.mode & 0o7777, gid: stats.gid };
}

/** The text of a file; empty when it does not exist. Throws a ProxyError unless it is UTF-8. */
export function textOf({ file, bytes }: Snapshot): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes ?? new Uint8Array());
  } catch {
    throw refusal(`${file} is not UTF-8`, 'save it as UTF-8, then try again');
  }
}

/**
 * Replaces the file, unless its bytes are not those of the snapshot any more: then it returns false and writes nothing.
 * Without new bytes, it removes the file.
 * @param mode for a file that does not exist yet
 */
export async function replaceFile(
  snapshot: Snapshot,
  bytes: Buffer | undefined,
  mode: number,
): Promise<{ readonly done: boolean; readonly folders: readonly string[] }> {
  const { file } = snapshot;
  const folders = await makeFolders(path.dirname(file));
  const written = bytes && (await writeBeside(file, bytes, snapshot.mode ?? mode, snapshot.gid));
  try {
    const now = await ifThere(fs.readFile(file));
    if (!isSame(now, snapshot.bytes)) return { done: false, folders };
    if (written === undefined) await insistently(() => fs.rm(file, { force: true }));
    else await insistently(() => fs.rename(written, file));
    return { done: true, folders };
  } catch (error) {
    throw unwritable(file, error);
  } finally {
    if (written !== undefined) await fs.rm(written, { force: true }).catch(() => {});
  }
}

/** Writes a copy beside the file, with the same permissions. */
export async function writeBackup({ file, bytes, mode, gid }: Snapshot, backup: string): Promise<void> {
  if (bytes === undefined) return;
  const written = await writeBeside(backup, bytes, mode ?? 0o600, gid);
  await insistently(() => fs.rename(written, backup)).catch((error: unknown) => {
    throw unwritable(file, error);
  });
}

/** Removes the folders that are empty, the innermost first. */
export async function removeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of [...folders].reverse()) await fs.rmdir(folder).catch(() => {});
}

function isSame(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

function isWithin(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** The path with every link in it resolved, also of a file that does not exist yet. */
async function resolved(file: string): Promise<string> {
  try {
    return await fs.realpath(file);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') throw refusal(`${file} is a link to itself`, 'remove it, then try again');
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw unreadable(file, error);
  }
  const target = await fs.readlink(file).catch(() => undefined);
  if (target !== undefined) return resolved(path.resolve(path.dirname(file), target));
  const parent = path.dirname(file);
  return parent === file ? file : path.join(await resolved(parent), path.basename(file));
}

async function nearest(folder: string): Promise<{ readonly uid: number }> {
  const stats = await ifThere(fs.stat(folder));
  return stats ?? nearest(path.dirname(folder));
}

async function readWhole(file: string): Promise<Buffer> {
  try {
    return await fs.readFile(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** The folders that did not exist, the outermost first. */
async function makeFolders(folder: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = folder; !(await ifThere(fs.stat(at))); at = path.dirname(at)) missing.unshift(at);
  try {
    await fs.mkdir(folder, { recursive: true });
  } catch (error) {
    throw unwritable(folder, error);
  }
  return missing;
}

/** A new file in the same folder, which a rename can put in the place of the old one. */
async function writeBeside(file: string, bytes: Buffer, mode: number, gid: number | undefined): Promise<string> {
  const beside = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await fs.open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      // Not every user may give a file to a group, and not every file system has groups.
      if (gid !== undefined && process.platform !== 'win32') await handle.chown(-1, gid).catch(() => {});
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return beside;
  } catch (error) {
    await fs.rm(beside, { force: true }).catch(() => {});
    throw unwritable(file, error);
  }
}

function refusal(message: string, hint: string): ProxyError {
  return new ProxyError('internal', message, { hint });
}

function unreadable(file: string, error: unknown): ProxyError {
  const hint = 'make it readable for this user, then try again';
  return new ProxyError('internal', `cannot read ${file}: ${codeOf(error) ?? 'unknown error'}`, { hint }, error);
}

function unwritable(file: string, error: unknown): ProxyError {
  if (error instanceof ProxyError) return error;
  const code = codeOf(error);
  const hint =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'free some space, then try again'
      : 'nothing was changed; check who may write there';
  return new ProxyError('internal', `cannot write ${file}: ${code ?? 'unknown error'}`, { hint }, error);
}

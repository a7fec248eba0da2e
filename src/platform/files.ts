/** Files that several processes and several operating systems share. */
import { promises as fs } from 'node:fs';
import { dirname } from 'node:path';
import { ProxyError } from '../errors.ts';

/** Creates the folder and removes the access of other users: a folder that others can list or change keeps no secrets. */
export async function privateFolder(folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') return;
  const { mode, uid } = await fs.stat(folder);
  if ((mode & 0o077) === 0) return;
  try {
    // Only removes permissions: a folder that this user may not write to stays that way.
    await fs.chmod(folder, mode & 0o700);
  } catch (error) {
    // The folder is ours, on a file system without modes (exFAT, some network mounts): it cannot be made any safer.
    if (uid !== process.getuid?.()) throw error;
  }
}

/** Repeats operations that Windows refuses for a moment while a scanner or another process has the file open. */
export async function insistently<T>(act: () => Promise<T>, platform: string = process.platform): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      const passing = platform === 'win32' && ['EPERM', 'EBUSY', 'EACCES'].includes(codeOf(error) ?? '');
      if (!passing || attempt === 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10 * attempt));
    }
  }
}

/** The code of a system error, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The outcome, or undefined if the file does not exist. */
export async function ifThere<T>(outcome: Promise<T>): Promise<T | undefined> {
  try {
    return await outcome;
  } catch (error) {
    // ENOTDIR: there is a file where the folder would be, so the folder does not exist either.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The error for the user when the folder of the credentials cannot be written. */
export function unwritable(doing: string, file: string, error: unknown): ProxyError {
  const code = codeOf(error);
  const hint =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'free some space there; until then a sign-in is not remembered'
      : `make ${dirname(file)} a folder that this user owns and can write to; until then a sign-in is not remembered`;
  return new ProxyError('internal', `cannot ${doing} ${file}${code === undefined ? '' : `: ${code}`}`, { hint }, error);
}

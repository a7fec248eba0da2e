/** Files that several processes and several systems share. */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { ProxyError } from '../errors.ts';

/** Makes the folder and takes it away from everybody else: what others may list or change keeps no secrets. */
export async function privateFolder(folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') return;
  const { mode, uid } = await fs.stat(folder);
  if ((mode & 0o077) === 0) return;
  try {
    // Taken away only: what this user may not write stays so.
    await fs.chmod(folder, mode & 0o700);
  } catch (error) {
    // Our own, on a file system without modes (exFAT, some network mounts): nothing can be better there.
    if (uid !== process.getuid?.()) throw error;
  }
}

/** Repeats what Windows refuses for a moment while a scanner or another process has the file open. */
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

/** What came of it, or undefined when the file was not there. */
export async function ifThere<T>(outcome: Promise<T>): Promise<T | undefined> {
  try {
    return await outcome;
  } catch (error) {
    // ENOTDIR: a file where the folder would be has nothing in it either.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** What to tell the user when the place of the credentials does not take them. */
export function unwritable(doing: string, file: string, error: unknown): ProxyError {
  const code = codeOf(error);
  const hint =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'free some space there; until then a sign-in is not remembered'
      : `make ${path.dirname(file)} a folder that this user owns and can write to; until then a sign-in is not remembered`;
  return new ProxyError('internal', `cannot ${doing} ${file}${code === undefined ? '' : `: ${code}`}`, { hint }, error);
}

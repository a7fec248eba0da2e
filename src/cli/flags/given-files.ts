/** Files that the command line names. */
import { usageError } from './usage-error.ts';

/** The text of a file. Throws Node's error when the file cannot be read. */
export type ReadFile = (name: string) => string;

/** The name of a file in errors. Hidden if the "name" may be the content that belongs in a file. */
export function calledFile(name: string): string {
  const looksLikeContent = name.length > 200 || /[{}"\n]|-----BEGIN/.test(name);
  return looksLikeContent ? 'the file' : `the file ${JSON.stringify(name)}`;
}

/** The text of the file that a flag names. Throws a usage error with the flag and the file, never with content. */
export function readGivenFile(name: string, flag: string, readFile: ReadFile): string {
  try {
    // Windows editors start files with a byte order mark.
    return readFile(name).replace(/^\uFEFF/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = REASONS[String(code)] ?? (code ? `cannot be read (${code})` : 'cannot be read');
    throw usageError(`--${flag}: ${calledFile(name)} ${why}`, wayToFile(name, code));
  }
}

/** What to do about a file that cannot be read, by the code of Node's error. */
function wayToFile(name: string, code: string | undefined): string {
  if (name.startsWith('~'))
    return 'write the whole path: only a shell replaces ~, and hosts start programs without one';
  if (code === 'EISDIR') return 'give the name of a file in it';
  if (code === 'EACCES' || code === 'EPERM') return 'give the user that starts this program permission to read it';
  return 'give the whole path: a host may start this program in any folder';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'cannot be read: this user has no permission',
};

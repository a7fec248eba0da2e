/** Files that the command line names. */
import { UnexplainedMistake } from '../usage-error.ts';

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
    throw new UnexplainedMistake({ kind: 'file', name, flag, code });
  }
}

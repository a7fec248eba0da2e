/** A file that cannot be read. */
import type { ProxyError } from '../../../errors.ts';
import { calledFile } from '../reading/given-files.ts';
import { type UnreadableFile, usageError } from '../usage-error.ts';

export function explainFile({ name, flag, code }: UnreadableFile): ProxyError {
  const why = REASONS[String(code)] ?? (code ? `cannot be read (${code})` : 'cannot be read');
  return usageError(`--${flag}: ${calledFile(name)} ${why}`, wayToFile(name, code));
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

/**
 * The file of `--capture`. Every line is written at once and whole: what was recorded is there even if the program is
 * killed, and several programs may write to one file.
 */
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { ProxyError } from '../../errors.ts';
import { codeOf } from '../../platform/files.ts';

/** A recording ends here, in bytes. */
const LARGEST = 1_073_741_824;

export interface RecordingFile {
  /** Never throws. */
  write(line: string): void;
  close(): void;
}

/**
 * Opens the file to add to it; a new one can be read by its owner only. Throws a ProxyError when it cannot be written.
 * @param failed told once, when nothing more can be recorded
 */
export function openRecordingFile(file: string, failed: (why: string) => void, largest = LARGEST): RecordingFile {
  let descriptor: number | undefined = opened(file);
  let start = endsInLine(file, descriptor) ? '\n' : '';
  let size = 0;
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  return {
    close,
    write: (line) => {
      if (descriptor === undefined) return;
      const bytes = Buffer.from(start + line);
      start = '';
      size += bytes.length;
      if (size > largest) {
        close();
        failed('the recording has reached its limit of 1 GiB');
        return;
      }
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      } catch (error) {
        close();
        failed(`the recording can no longer be written: ${codeOf(error) ?? 'unknown error'}`);
      }
    },
  };
}

/** A pipe without a reader must fail at once: a blocked open would stop the whole program, signals included. */
const OPEN_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

function opened(file: string): number {
  try {
    const descriptor = openSync(file, OPEN_FLAGS, 0o600);
    const stats = fstatSync(descriptor);
    if (!stats.isFIFO() && !stats.isSocket()) return descriptor;
    closeSync(descriptor);
  } catch (error) {
    if (codeOf(error) === 'ENXIO') throw notAFile(file);
    const hint = codeOf(error) === 'ENOENT' ? 'make its folder first' : 'name a file that this user can write to';
    throw new ProxyError(
      'internal',
      `cannot write the recording ${JSON.stringify(file)}: ${codeOf(error) ?? 'unknown error'}`,
      { hint },
      error,
    );
  }
  throw notAFile(file);
}

/** A pipe has a reader that may stop, and then the program would wait for it. */
function notAFile(file: string): ProxyError {
  return new ProxyError('internal', `cannot write the recording ${JSON.stringify(file)}: it is a pipe`, {
    hint: 'name a file',
  });
}

/** Whether the file ends within a line, as a program leaves it that was killed or found the disk full. */
function endsInLine(file: string, descriptor: number): boolean {
  const stats = fstatSync(descriptor);
  if (!stats.isFile() || stats.size === 0) return false;
  const last = Buffer.alloc(1);
  try {
    const reader = openSync(file, 'r');
    try {
      return readSync(reader, last, 0, 1, stats.size - 1) === 1 && last[0] !== 0x0a;
    } finally {
      closeSync(reader);
    }
  } catch {
    // A file that may be written but not read: an empty line does no harm.
    return true;
  }
}

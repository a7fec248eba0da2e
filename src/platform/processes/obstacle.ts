/** What the error of the system does not say about a program that cannot be started. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Program } from './start.ts';

export type Obstacle =
  /** The working directory is not there, or it is not a directory. */
  | { readonly kind: 'no-folder' | 'folder-is-file' }
  /** The program is a directory. */
  | { readonly kind: 'directory' }
  /** The program is a script, and nothing is at the path in its first line. */
  | { readonly kind: 'interpreter'; readonly interpreter: string };

/** Linux reads no more of the first line (execve(2)). */
const FIRST_LINE = 256;

/** Undefined when nothing of this kind is in the way. Never throws. */
export function obstacleOf({ command, cwd, env }: Program): Obstacle | undefined {
  if (cwd !== undefined) {
    const folder = kindOf(cwd);
    if (folder !== 'folder') return { kind: folder === 'file' ? 'folder-is-file' : 'no-folder' };
  }
  const isPath = /[/\\]/.test(command);
  if (isPath && kindOf(path.resolve(cwd ?? '.', command)) === 'folder') return { kind: 'directory' };
  if (process.platform === 'win32') return undefined;
  const folders = isPath ? [''] : (env.PATH ?? '').split(':');
  const file = folders.map((folder) => path.resolve(cwd ?? '.', folder, command)).find((at) => kindOf(at) === 'file');
  const interpreter = file && interpreterOf(file);
  return interpreter && !existsSync(path.resolve(cwd ?? '.', interpreter))
    ? { kind: 'interpreter', interpreter }
    : undefined;
}

function kindOf(file: string): 'file' | 'folder' | undefined {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat && (stat.isDirectory() ? 'folder' : 'file');
  } catch {
    return undefined;
  }
}

/** The program in the first line of a script. */
function interpreterOf(file: string): string | undefined {
  // Only a plain file: to open a pipe may wait for ever.
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return undefined;
  let handle: number | undefined;
  try {
    handle = openSync(file, 'r');
    const head = Buffer.alloc(FIRST_LINE);
    const length = readSync(handle, head);
    return /^#![ \t]*([^\s\0]+)/.exec(head.toString('utf8', 0, length))?.[1];
  } catch {
    return undefined;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

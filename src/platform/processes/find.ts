/** Finds programs as execvp(3) does, without starting them. */
import { constants, promises as fs } from 'node:fs';
import path from 'node:path';
import type { Program } from './start.ts';

/**
 * Why a program cannot be started, with the `code` of the system's error; undefined when it can, and on Windows, where
 * only a start shows it. Never rejects.
 */
export async function lookForProgram({ command, cwd, env }: Program): Promise<{ readonly code: string } | undefined> {
  if (process.platform === 'win32') return undefined;
  if (command.includes('/')) return lookAt(path.resolve(cwd ?? '.', command));
  let refused: { readonly code: string } | undefined;
  for (const folder of (env.PATH ?? '').split(':')) {
    const found = await lookAt(path.resolve(cwd ?? '.', folder, command));
    if (found === undefined) return undefined;
    if (found.code === 'EACCES') refused = found;
  }
  return refused ?? { code: 'ENOENT' };
}

async function lookAt(file: string): Promise<{ readonly code: string } | undefined> {
  try {
    if (!(await fs.stat(file)).isFile()) return { code: 'EACCES' };
    await fs.access(file, constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code === 'EACCES' ? { code: 'EACCES' } : { code: 'ENOENT' };
  }
}

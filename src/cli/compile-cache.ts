/** Keeps compiled code after the process ends, so that the next start need not compile it again. */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../platform/folders.ts';

/**
 * Keeps compiled code in the program's cache folder, or changes nothing if that folder cannot be made private.
 * Call it before the program's code is loaded. `NODE_COMPILE_CACHE` and `NODE_DISABLE_COMPILE_CACHE` keep their meaning.
 * @param enable `enableCompileCache` of `node:module`, which Node has since 22.8
 */
export function keepCompiledCode(enable: (folder: string) => unknown): void {
  const { env } = process;
  const parent = cacheFolder(env);
  if (parent === undefined || env.NODE_COMPILE_CACHE || env.NODE_DISABLE_COMPILE_CACHE) return;
  const folder = join(parent, 'compiled');
  // No other user may write code that this user then runs; Node makes a folder in it for each of its versions.
  const mask = process.umask(0o077);
  try {
    mkdirSync(folder, { recursive: true });
    if (process.platform !== 'win32' && (statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
    enable(folder);
  } catch {
    // This user has no folder, or cannot write to it: the program compiles its code at each start.
  } finally {
    process.umask(mask);
  }
}

/** Locks between processes that share a folder. */
import { join } from 'node:path';
import type { Locks } from '../../core/ports.ts';
import { ProcessLock } from '../../platform/process-lock.ts';

/** @param folder the folder of the credentials; the locks are `<folder>/credentials/<name>`. */
export function fileLocks(folder: string): Locks {
  return (name) => new ProcessLock(join(folder, 'credentials', name));
}

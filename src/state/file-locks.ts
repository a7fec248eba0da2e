/** Locks between processes that share a folder. */
import path from 'node:path';
import type { Lock, Locks } from '../core/ports.ts';

/** @param folder the one of the credentials; the locks are `<folder>/credentials/<name>`. */
export function fileLocks(folder: string): Locks {
  return (name) => {
    let opened: Promise<Lock> | undefined;
    // Loaded here because a start seldom needs a lock.
    const open = (): Promise<Lock> => {
      opened ??= import('../platform/process-lock.ts').then(
        ({ ProcessLock }) => new ProcessLock(path.join(folder, 'credentials', name)),
      );
      return opened;
    };
    return {
      tryAcquire: async () => (await open()).tryAcquire(),
      held: async () => (await opened)?.held() ?? false,
      release: async () => (await opened)?.release(),
    };
  };
}

/** Locks on this machine: between processes that share a folder, or within this process for a user without one. */
import type { Lock, Locks } from '../core/ports.ts';

/** @param folder the folder of the credentials. */
export function localLocks(folder: string | undefined): Locks {
  let loaded: Promise<Locks> | undefined;
  return (name) => {
    let opened: Promise<Lock> | undefined;
    const open = (): Promise<Lock> => {
      loaded ??= load(folder);
      opened ??= loaded.then((locks) => locks(name));
      return opened;
    };
    return {
      tryAcquire: async () => (await open()).tryAcquire(),
      held: async () => (await opened)?.held() ?? false,
      release: async () => (await opened)?.release(),
    };
  };
}

/** Loaded on demand, because a start seldom needs a lock. */
async function load(folder: string | undefined): Promise<Locks> {
  if (folder === undefined) return (await import('./memory/locks.ts')).memoryLocks();
  return (await import('./files/locks.ts')).fileLocks(folder);
}

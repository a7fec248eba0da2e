import type { Locks } from '../../core/ports.ts';

/** Locks for a user without a folder: they work within this process only. */
export function memoryLocks(): Locks {
  const owners = new Map<string, object>();
  return (name) => {
    const self = {};
    const held = (): boolean => owners.get(name) === self;
    return {
      async tryAcquire() {
        if (!owners.has(name)) owners.set(name, self);
        return held();
      },
      held: async () => held(),
      async release() {
        if (held()) owners.delete(name);
      },
    };
  };
}

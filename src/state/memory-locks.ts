import type { Locks } from '../core/ports.ts';

/** Locks for a user without any folder: they hold within this process. */
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

import type { SecretStore } from '../../core/ports.ts';

/** For a user without a folder: the texts live as long as the process. */
export function memoryStore(): SecretStore {
  const texts = new Map<string, string>();
  return {
    get empty() {
      return texts.size === 0;
    },
    peek: (name) => texts.get(name),
    read: async (name) => texts.get(name),
    async write(name, text) {
      texts.set(name, text);
    },
    async remove(name) {
      texts.delete(name);
    },
    names: async () => [...texts.keys()].sort(),
  };
}

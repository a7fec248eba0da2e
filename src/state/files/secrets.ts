/** Secret texts in files that only this user can read. Safe for many processes at once and against a crash at any moment. */
import { existsSync, promises as fs, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretStore } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';

type Changes = typeof import('./changes.ts');

const NAME = /^[a-z0-9.-]{1,80}$/;

/** @param folder created with mode 0700 by the first write; the texts are `<folder>/credentials/<name>.json`, mode 0600. */
export function fileStore(folder: string): SecretStore {
  const place = join(folder, 'credentials');
  const fileOf = (name: string): string => join(place, `${name}.json`);
  const inOrder = queue();

  const change = async (name: string, act: (changes: Changes, file: string) => Promise<void>): Promise<void> => {
    if (!NAME.test(name)) throw new ProxyError('internal', `not a name for a credential: ${JSON.stringify(name)}`);
    // Loaded here because most starts change nothing.
    await inOrder(name, async () => act(await import('./changes.ts'), fileOf(name)));
  };

  const peek = (name: string): string | undefined => {
    try {
      return NAME.test(name) ? readFileSync(fileOf(name), 'utf8') : undefined;
    } catch {
      return undefined;
    }
  };

  return {
    get empty() {
      return !existsSync(place);
    },
    peek,
    read: async (name) => peek(name),
    write: (name, text) => change(name, ({ write }, file) => write([folder, place], file, text)),
    remove: (name) => change(name, ({ remove }, file) => remove(file)),
    async names() {
      const entries = await fs.readdir(place).catch(() => []);
      const names = entries.filter((entry) => entry.endsWith('.json')).map((entry) => entry.slice(0, -'.json'.length));
      return names.filter((name) => NAME.test(name)).sort();
    },
  };
}

/** Runs the actions of one key one after the other. */
function queue(): (key: string, act: () => Promise<void>) => Promise<void> {
  const last = new Map<string, Promise<void>>();
  return (key, act) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(act);
    const settled = turn.catch(() => {}).then(() => void (last.get(key) === settled && last.delete(key)));
    last.set(key, settled);
    return turn;
  };
}

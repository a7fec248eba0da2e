/** Secret texts in files of this user alone, safe for many processes at once and against a crash at any moment. */
import { existsSync, promises as fs, readFileSync } from 'node:fs';
import path from 'node:path';
import type { SecretStore } from '../core/ports.ts';
import { ProxyError } from '../errors.ts';
import { codeOf, ifThere, insistently, privateFolder, unwritable } from '../platform/files.ts';
import { isRunning } from '../platform/processes.ts';

const NAME = /^[a-z0-9.-]{1,80}$/;
const TEMPORARY = /^.+\.json\.(\d+)\.([0-9a-f]+)\.\d+\.tmp$/;
/** A temporary file this old belongs to nobody, even if its process number is in use again. Milliseconds. */
const ABANDONED = 60 * 60 * 1000;
/** Process numbers repeat, in containers at every start: this tells our own files from those of a namesake. */
let self: string | undefined;
let count = 0;

function ownMark(): string {
  // Loaded here because it costs more than all the rest of a start that has nothing to write.
  self ??= process.getBuiltinModule('node:crypto').randomBytes(6).toString('hex');
  return self;
}

/** @param folder made 0700 by the first write; the texts are `<folder>/credentials/<name>.json`, 0600. */
export function fileStore(folder: string): SecretStore {
  const place = path.join(folder, 'credentials');
  const fileOf = (name: string): string => path.join(place, `${name}.json`);
  const inOrder = queue();

  const change = async (doing: string, name: string, act: (file: string) => Promise<void>): Promise<void> => {
    if (!NAME.test(name)) throw new ProxyError('internal', `not a name for a credential: ${JSON.stringify(name)}`);
    try {
      await inOrder(name, () => act(fileOf(name)));
    } catch (error) {
      throw unwritable(doing, fileOf(name), error);
    }
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
    write: (name, text) =>
      change('write', name, async (file) => {
        await privateFolder(folder);
        await privateFolder(place);
        await removeLeftovers(place);
        await replace(file, text);
      }),
    remove: (name) =>
      change('remove', name, async (file) => {
        if (await ifThere(insistently(() => fs.unlink(file)).then(() => true))) await syncFolder(place);
        await removeLeftovers(place).catch(() => {});
      }),
    async names() {
      const entries = await fs.readdir(place).catch(() => []);
      const names = entries.filter((entry) => entry.endsWith('.json')).map((entry) => entry.slice(0, -'.json'.length));
      return names.filter((name) => NAME.test(name)).sort();
    },
  };
}

/** A reader sees the old file or the new one, never a half, whatever ends this process or the machine. */
async function replace(file: string, text: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const temporary = `${file}.${process.pid}.${ownMark()}.${count++}.tmp`;
    try {
      const handle = await fs.open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await insistently(() => fs.rename(temporary, file));
      return await syncFolder(path.dirname(file));
    } catch (error) {
      await fs.unlink(temporary).catch(() => {});
      // A container that shares the folder but not our process numbers took the file for a leftover.
      if (codeOf(error) !== 'ENOENT' || attempt === 3) throw error;
    }
  }
}

/** Makes a rename or an unlink itself survive; not every system lets a folder be opened. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await fs.open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // Then it survives as well as this system lets it.
  }
}

/** A process killed between opening and renaming leaves secrets behind that nobody would ever overwrite. */
async function removeLeftovers(place: string): Promise<void> {
  for (const entry of await fs.readdir(place)) {
    const [, pid, owner] = TEMPORARY.exec(entry) ?? [];
    if (pid === undefined || owner === ownMark()) continue;
    const file = path.join(place, entry);
    const alive = Number(pid) !== process.pid && isRunning(Number(pid));
    const old = async (): Promise<boolean> => Date.now() - (await fs.stat(file)).mtimeMs > ABANDONED;
    if (!alive || (await old().catch(() => false))) await fs.unlink(file).catch(() => {});
  }
}

/** Runs what has the same key one after the other. */
function queue(): (key: string, act: () => Promise<void>) => Promise<void> {
  const last = new Map<string, Promise<void>>();
  return (key, act) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(act);
    const settled = turn.catch(() => {}).then(() => void (last.get(key) === settled && last.delete(key)));
    last.set(key, settled);
    return turn;
  };
}

/** Secret texts in files of this user alone, safe for many processes at once and against a crash at any moment. */
import { existsSync, promises as fs, readFileSync } from 'node:fs';
import path from 'node:path';
import { ProxyError } from '../errors.ts';

/** Small secret texts under names; each is written whole or not at all. Names match [a-z0-9.-]{1,80}. */
export interface SecretStore {
  /** Whether there is nothing in it, as far as can be told at once. */
  readonly empty: boolean;
  /** The text, or undefined. Synchronous: a start waits for it. Never throws (unreadable = undefined). */
  read(name: string): string | undefined;
  /**
   * Resolves when it would survive a crash. Rejects with a ProxyError 'internal' with a hint when the place cannot be
   * written. The writes of one process to one name take effect in the order of the calls.
   */
  write(name: string, text: string): Promise<void>;
  /** Resolves also when there was nothing. Rejects as `write` does. */
  remove(name: string): Promise<void>;
  /** In alphabetical order. */
  names(): Promise<string[]>;
}

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

  return {
    get empty() {
      return !existsSync(place);
    },
    read(name) {
      try {
        return NAME.test(name) ? readFileSync(fileOf(name), 'utf8') : undefined;
      } catch {
        return undefined;
      }
    },
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

/** For a user without any folder: remembers as long as the process lives. */
export function memoryStore(): SecretStore {
  const texts = new Map<string, string>();
  return {
    get empty() {
      return texts.size === 0;
    },
    read: (name) => texts.get(name),
    async write(name, text) {
      texts.set(name, text);
    },
    async remove(name) {
      texts.delete(name);
    },
    names: async () => [...texts.keys()].sort(),
  };
}

/** Makes the folder and takes it away from everybody else: what others may list or change keeps no secrets. */
export async function privateFolder(folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') return;
  const { mode, uid } = await fs.stat(folder);
  if ((mode & 0o077) === 0) return;
  try {
    // Taken away only: what this user may not write stays so.
    await fs.chmod(folder, mode & 0o700);
  } catch (error) {
    // Our own, on a file system without modes (exFAT, some network mounts): nothing can be better there.
    if (uid !== process.getuid?.()) throw error;
  }
}

/** Repeats what Windows refuses for a moment while a scanner or another process has the file open. */
export async function insistently<T>(act: () => Promise<T>, platform: string = process.platform): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      const passing = platform === 'win32' && ['EPERM', 'EBUSY', 'EACCES'].includes(codeOf(error) ?? '');
      if (!passing || attempt === 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10 * attempt));
    }
  }
}

/** The code of a system error, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** What came of it, or undefined when the file was not there. */
export async function ifThere<T>(outcome: Promise<T>): Promise<T | undefined> {
  try {
    return await outcome;
  } catch (error) {
    // ENOTDIR: a file where the folder would be has nothing in it either.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
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

/** Whether a process of this number exists here; it may be another user's, or one that has ended but is still listed. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
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

/** What to tell the user when the place of the credentials does not take them. */
export function unwritable(doing: string, file: string, error: unknown): ProxyError {
  const code = codeOf(error);
  const hint =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'free some space there; until then a sign-in is not remembered'
      : `make ${path.dirname(file)} a folder that this user owns and can write to; until then a sign-in is not remembered`;
  return new ProxyError('internal', `cannot ${doing} ${file}${code === undefined ? '' : `: ${code}`}`, { hint }, error);
}

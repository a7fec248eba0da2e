/** Remembers what a URL speaks, in one small file per URL. Safe for many processes at once. */
import { existsSync, promises as fs, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Spoken, VerdictMemory } from '../../core/ports.ts';

/** A server may change, so the proxy asks it again after this time. In milliseconds. */
const LIFETIME = 24 * 60 * 60 * 1000;
/** A verdict younger than this is not written again. In milliseconds. */
const REFRESH = LIFETIME / 2;

const SPOKEN: ReadonlySet<Spoken | undefined> = new Set(['http', 'sse', 'modern', 'sessionless']);

interface StoredVerdict {
  readonly transport: Spoken;
  readonly checkedAt: number;
}

/** @param folder the program's cache folder, created by the first write; without a folder nothing is remembered. */
export function fileMemory(folder: string | undefined, now: () => number = Date.now): VerdictMemory {
  if (folder === undefined) {
    return { peek: () => undefined, recall: async () => undefined, remember: () => Promise.resolve() };
  }
  const place = join(folder, 'verdicts');
  // The URL may have a secret in its query, so its digest names the file.
  const fileOf = (url: URL): string => {
    // Loaded on demand: it costs more than the rest of a start that has nothing to look up.
    const { createHash } = process.getBuiltinModule('node:crypto');
    return join(place, `${createHash('sha256').update(url.href).digest('hex').slice(0, 32)}.json`);
  };
  const read = (url: URL): StoredVerdict | undefined => {
    if (!existsSync(place)) return undefined;
    const verdict = parse(readText(fileOf(url)));
    const age = verdict ? now() - verdict.checkedAt : LIFETIME;
    return age >= 0 && age < LIFETIME ? verdict : undefined;
  };

  return {
    peek: (url) => read(url)?.transport,
    recall: async (url) => read(url)?.transport,
    async remember(url, spoken) {
      const old = read(url);
      if (old?.transport === spoken && now() - old.checkedAt < REFRESH) return;
      await writeWhole(fileOf(url), JSON.stringify({ transport: spoken, checkedAt: now() })).catch(() => {});
    },
  };
}

function readText(file: string): string {
  try {
    // Synchronous on purpose: it reads a hundred bytes, once, before the first request can leave.
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function parse(text: string): StoredVerdict | undefined {
  try {
    const value = JSON.parse(text) as Partial<StoredVerdict> | null;
    return SPOKEN.has(value?.transport) && typeof value?.checkedAt === 'number' ? (value as StoredVerdict) : undefined;
  } catch {
    return undefined;
  }
}

/** A reader sees the old file or the new one, never a partial one. */
async function writeWhole(file: string, text: string): Promise<void> {
  await fs.mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await fs.writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    await fs.rename(temporary, file);
  } catch (error) {
    await fs.unlink(temporary).catch(() => {});
    throw error;
  }
}

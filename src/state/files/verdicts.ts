/** Remembers what a URL speaks, in one small file per URL. Safe for many processes at once. */
import { existsSync, mkdir, readFileSync, rename, unlink, writeFile } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Spoken, VerdictMemory } from '../../core/ports.ts';
import { sha256 } from '../../platform/sha256.ts';

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
  const fileOf = (url: URL): string => join(place, `${sha256(url.href).slice(0, 32)}.json`);
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

/**
 * A reader sees the old file or the new one, never a partial one. Most processes write only this, and the promises of
 * `node:fs` would cost each of them a megabyte.
 */
async function writeWhole(file: string, text: string): Promise<void> {
  await done((then) => mkdir(dirname(file), { recursive: true, mode: 0o700 }, then));
  // It may be guessed: `wx` writes to no file that is there already, and through no link.
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await done((then) => writeFile(temporary, text, { mode: 0o600, flag: 'wx' }, then));
    await done((then) => rename(temporary, file, then));
  } catch (error) {
    await done((then) => unlink(temporary, then)).catch(() => {});
    throw error;
  }
}

/** Resolves when an operation is done. */
function done(operation: (then: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    operation((error) => (error ? reject(error) : resolve()));
  });
}

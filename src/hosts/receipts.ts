/** What this program wrote into the configurations of hosts, so that it can be undone. Holds digests, no contents. */
import { createHash, randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { ifThere, insistently, privateFolder } from '../platform/files.ts';

/** Of one server in one file. */
export interface Receipt {
  readonly file: string;
  readonly name: string;
  /** Digest of the bytes that an uninstall restores; null where there was no file. */
  readonly before: string | null;
  /** Digest of the bytes that the installation wrote. */
  readonly after: string;
  /** Digest of the entry. */
  readonly entry: string;
  /** Folders that did not exist, the outermost first. */
  readonly folders: readonly string[];
  /** Whether the file, or the section in it, is there for the servers of this program only. */
  readonly madeFile: boolean;
  readonly madeSection: boolean;
}

export class Receipts {
  readonly #folder: string | undefined;

  /** @param cache the cache folder; without one, receipts are not kept */
  constructor(cache: string | undefined) {
    this.#folder = cache && path.join(cache, 'installed');
  }

  /** The receipt of a server; undefined without a readable one. */
  async read(file: string, name: string): Promise<Receipt | undefined> {
    if (this.#folder === undefined) return undefined;
    const text = await ifThere(fs.readFile(this.#path(this.#folder, file, name), 'utf8')).catch(() => undefined);
    const receipt = parsed(text);
    return receipt?.file === file && receipt.name === name ? receipt : undefined;
  }

  /** All receipts of one file. */
  async of(file: string): Promise<Receipt[]> {
    const folder = this.#folder;
    if (folder === undefined) return [];
    const names = (await ifThere(fs.readdir(folder)).catch(() => undefined)) ?? [];
    const texts = await Promise.all(names.map((name) => fs.readFile(path.join(folder, name), 'utf8').catch(() => '')));
    return texts.map(parsed).filter((receipt) => receipt?.file === file) as Receipt[];
  }

  /** Keeps a receipt. A failure costs no more than a question at the uninstallation. */
  async write(receipt: Receipt): Promise<void> {
    const folder = this.#folder;
    if (folder === undefined) return;
    try {
      await privateFolder(folder);
      const file = this.#path(folder, receipt.file, receipt.name);
      const beside = `${file}.${randomBytes(6).toString('hex')}.tmp`;
      await fs.writeFile(beside, JSON.stringify(receipt), { mode: 0o600, flag: 'wx' });
      await insistently(() => fs.rename(beside, file));
    } catch {
      // The cache may be read-only.
    }
  }

  async remove(file: string, name: string): Promise<void> {
    if (this.#folder !== undefined) await fs.rm(this.#path(this.#folder, file, name), { force: true }).catch(() => {});
  }

  #path(folder: string, file: string, name: string): string {
    return path.join(folder, `${digest(`${file}\0${name}`).slice(0, 32)}.json`);
  }
}

/** Where the copy of the bytes before an installation is: beside the file, where users look for it. */
export function backupOf(file: string, name: string): string {
  return `${file}.before-${name}.bak`;
}

export function digest(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The digest of an entry, however it is formatted. */
export function entryDigest(value: unknown): string {
  return digest(JSON.stringify(value, (_, member: unknown) => sorted(member)));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function parsed(text: string | undefined): Receipt | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Receipt>;
    const texts = [value.file, value.name, value.after, value.entry];
    return texts.every((member) => typeof member === 'string') && Array.isArray(value.folders)
      ? (value as Receipt)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Records of started processes, so that what a killed proxy leaves behind can be ended later. A record holds the pid
 * and the start of a process and of the proxy that started it, and never decides by a pid alone.
 */
import { randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { privateFolder } from '../files.ts';
import { startOf, thisPlace } from './identity.ts';
import { signalTree } from './tree.ts';

/** A process, as another process finds it again. */
interface Identity {
  readonly pid: number;
  readonly started: string;
}

export interface ProcessRecord {
  readonly place: string;
  readonly owner: Identity;
  readonly child: Identity;
}

/** More records than this are not read: something else has filled the folder. */
const MAX_RECORDS = 10_000;
/** Records are small; a larger file is not one. */
const MAX_BYTES = 4_096;

export class ProcessRecords {
  readonly #folder: string;
  readonly #key: string;

  /**
   * @param folder created when needed, private to this user
   * @param key what the processes have in common; matches [a-z0-9]{1,64}
   */
  constructor(folder: string, key: string) {
    this.#folder = folder;
    this.#key = key;
  }

  /**
   * Records a process that this one has started. Returns a function that removes the record when the process has
   * ended. Never rejects: without a record, only a killed proxy leaves something behind.
   */
  add(pid: number): () => Promise<void> {
    const file = path.join(this.#folder, `${this.#key}.${randomBytes(8).toString('hex')}.json`);
    const written = this.#write(file, pid).catch(() => {});
    return async () => {
      await written;
      await fs.unlink(file).catch(() => {});
    };
  }

  /**
   * Ends the processes of proxies that have died, and removes the records that mean nothing any more. Never rejects.
   * @returns how many processes it has ended
   */
  async sweep(): Promise<number> {
    const names = await fs.readdir(this.#folder).catch(() => []);
    const own = names.filter((name) => name.startsWith(`${this.#key}.`) && name.endsWith('.json'));
    const swept = await Promise.all(
      own.slice(0, MAX_RECORDS).map((name) => this.#sweep(path.join(this.#folder, name))),
    );
    return swept.filter(Boolean).length;
  }

  async #write(file: string, pid: number): Promise<void> {
    const [started, own] = await Promise.all([startOf(pid), startOf(process.pid)]);
    // Without its start, the record could mean another process later.
    if (started === undefined || own === undefined) return;
    await privateFolder(this.#folder);
    const record: ProcessRecord = {
      place: thisPlace(),
      owner: { pid: process.pid, started: own },
      child: { pid, started },
    };
    await fs.writeFile(file, JSON.stringify(record), { mode: 0o600, flag: 'wx' });
  }

  /** Whether it ended a process. */
  async #sweep(file: string): Promise<boolean> {
    const record = await read(file).catch(() => undefined);
    if (record === undefined || record.place !== thisPlace() || (await isAlive(record.owner))) return false;
    const left = await isAlive(record.child);
    if (left) signalTree(record.child.pid, 'SIGKILL');
    await fs.unlink(file).catch(() => {});
    return left;
  }
}

async function isAlive({ pid, started }: Identity): Promise<boolean> {
  return (await startOf(pid)) === started;
}

/** The record in a file; undefined when the file is not a record. */
async function read(file: string): Promise<ProcessRecord | undefined> {
  const handle = await fs.open(file, 'r');
  try {
    if ((await handle.stat()).size > MAX_BYTES) return undefined;
    return parseRecord(await handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}

/** Pure. */
export function parseRecord(text: string): ProcessRecord | undefined {
  try {
    const { place, owner, child } = JSON.parse(text) as Record<string, unknown>;
    const [ours, theirs] = [identityIn(owner), identityIn(child)];
    return typeof place === 'string' && ours && theirs ? { place, owner: ours, child: theirs } : undefined;
  } catch {
    return undefined;
  }
}

function identityIn(value: unknown): Identity | undefined {
  const { pid, started } = (value ?? {}) as Record<string, unknown>;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 1) return undefined;
  return typeof started === 'string' && started !== '' ? { pid, started } : undefined;
}

/** One lock between processes that share a folder: on this machine, in its containers, or on other machines over a network. */
import { randomBytes } from 'node:crypto';
import { promises as fs, readFileSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Lock } from '../core/ports.ts';
import { codeOf, ifThere, insistently, privateFolder, unwritable } from './files.ts';
import { isRunning, processState, thisPlace } from './processes/identity.ts';

/** How often an owner shows that it is alive, in milliseconds. */
const HEARTBEAT = 2_000;
/** How long an owner may be silent while we watch, if we have no other way to know whether it is alive; in milliseconds. */
const PATIENCE = 60_000;
/** A longer pause between two looks says nothing about the owner: this machine may have slept, and the owner with it. */
const ATTENTION = 5_000;
/** Checked wherever a record is read, because the nonce becomes part of a file name. */
const NONCE = /^[0-9a-f]{16}$/;
/** The suffix after the lock's name: a claim, a claim to a claim, or a file not yet linked. */
const LEFTOVER = /^\.([0-9a-f]{16})(?:\.(?:[0-9a-f]{16}|unreadable))*(?:\.new)?$/;

interface Owner {
  readonly nonce: string;
  readonly pid: number;
  /** Where the pid names this process: other containers and machines have other processes with the same pids. */
  readonly place: string;
  /** Distinguishes the process from a later one with the same pid; empty where the system does not say. */
  readonly started: string;
}

/** The content of a file: the record of an owner, or text that is not a record. */
interface FoundLock {
  readonly owner: Owner | undefined;
  /** Stays the same until a process replaces or touches the file. */
  readonly state: string;
}

/** A record whose owner may be alive or dead: how long we have seen it unchanged, and when we last looked. */
interface Watch {
  readonly state: string;
  silent: number;
  seen: number;
}

/** The time; tests use a clock of their own. */
export interface LockClock {
  /** Milliseconds; never goes back. */
  readonly now: () => number;
}

/**
 * One lock between the processes of one user that share a folder.
 *
 * link(2) makes the file appear whole, so it has one owner at a time. Only the process that holds the claim
 * `<file>.<nonce>` may remove the record with that nonce; the claim is a lock itself. The process looks again once it
 * has the claim. From then on no other process can replace that record, so it never removes a third process's lock.
 */
export class ProcessLock implements Lock {
  readonly #file: string;
  readonly #clock: LockClock;
  readonly #watched = new Map<string, Watch>();
  #own: Owner | undefined;
  #heart: NodeJS.Timeout | undefined;
  #taking: Promise<boolean> | undefined;

  /** @param file created by this lock, in a folder with mode 0700 */
  constructor(file: string, clock: LockClock = { now: () => performance.now() }) {
    this.#file = file;
    this.#clock = clock;
  }

  /**
   * Takes the lock if it is free or its owner is dead. Never waits longer than a few file operations. If this machine
   * cannot tell whether the owner is alive (another container, another machine), the owner counts as dead after 60 s of
   * silence, seen by calls at most 5 s apart. Rejects with a ProxyError 'internal' when the folder cannot be written.
   */
  tryAcquire(): Promise<boolean> {
    this.#taking ??= this.#take()
      .catch((error: unknown) => {
        throw unwritable('lock', this.#file, error);
      })
      .finally(() => {
        this.#taking = undefined;
      });
    return this.#taking;
  }

  /** Whether the file still names this very lock: false once another process has broken it. */
  async held(): Promise<boolean> {
    return this.#holds();
  }

  /** Idempotent. Never rejects, and never removes a lock that is not ours. */
  async release(): Promise<void> {
    await this.#taking?.catch(() => {});
    const own = this.#own;
    this.#own = undefined;
    clearInterval(this.#heart);
    // Several attempts: the first may only have cleared the claim of a process that died while it held it.
    for (let attempt = 1; own !== undefined && attempt <= 3 && this.#names(own); attempt++) {
      try {
        await this.#remove(this.#file, own.nonce);
      } catch {
        // There is no room for a claim. Other processes never break the lock of a living one, so no collision is possible.
        if (this.#names(own)) await fs.unlink(this.#file).catch(() => {});
      }
    }
  }

  async #take(): Promise<boolean> {
    if (this.#holds()) return true;
    await privateFolder(dirname(this.#file));
    const found = await look(this.#file);
    if (found !== undefined) {
      if (!this.#isDead(this.#file, found)) return false;
      await this.#remove(this.#file, found.owner?.nonce);
    }
    const own = ourselves();
    if (!(await create(this.#file, own))) return false;
    this.#own = own;
    this.#watched.clear();
    this.#beat();
    await removeLeftovers(this.#file, own.nonce).catch(() => {});
    return true;
  }

  /** Removes the record with this nonce (undefined: text that is not a record), unless another process is removing it or has. */
  async #remove(file: string, nonce: string | undefined): Promise<void> {
    const claim = `${file}.${nonce ?? 'unreadable'}`;
    if (!(await create(claim, ourselves()))) {
      // The process that holds the claim may have died too early. The next attempt then finds the claim gone.
      const other = await look(claim);
      if (other !== undefined && this.#isDead(claim, other)) await this.#remove(claim, other.owner?.nonce);
      return;
    }
    try {
      const now = await look(file);
      if (now !== undefined && now.owner?.nonce === nonce) await insistently(() => fs.unlink(file));
    } finally {
      await ifThere(insistently(() => fs.unlink(claim)));
    }
  }

  #holds(): boolean {
    return this.#own !== undefined && this.#names(this.#own);
  }

  #names(own: Owner): boolean {
    try {
      return parse(readFileSync(this.#file, 'utf8'))?.nonce === own.nonce;
    } catch {
      return false;
    }
  }

  #beat(): void {
    clearInterval(this.#heart);
    this.#heart = setInterval(() => {
      if (!this.#holds()) return;
      try {
        const now = new Date();
        utimesSync(this.#file, now, now);
      } catch {
        // Where times cannot be set, processes on this machine still know that we are alive.
      }
    }, HEARTBEAT);
    this.#heart.unref();
  }

  #isDead(file: string, found: FoundLock): boolean {
    const life = found.owner === undefined ? 'unknown' : lifeOf(found.owner);
    if (life !== 'unknown') return life === 'dead';
    const now = this.#clock.now();
    const before = this.#watched.get(file);
    if (before?.state !== found.state) {
      this.#watched.set(file, { state: found.state, silent: 0, seen: now });
      return false;
    }
    const pause = now - before.seen;
    before.seen = now;
    if (pause <= ATTENTION) before.silent += pause;
    return before.silent >= PATIENCE;
  }
}

/** Writes our record to a new file, unless the file exists. A reader sees the whole record or no file. */
async function create(file: string, own: Owner): Promise<boolean> {
  const text = JSON.stringify(own);
  const temporary = `${file}.${own.nonce}.new`;
  try {
    await fs.writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    await fs.link(temporary, file);
    return true;
  } catch (error) {
    const code = codeOf(error);
    // A network file system may have made the link, lost the answer, asked again and found its own link.
    if (code === 'EEXIST') return (await look(file))?.owner?.nonce === own.nonce;
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS' || code === 'ENOENT') throw error;
    return await createWithoutLink(file, text);
  } finally {
    await fs.unlink(temporary).catch(() => {});
  }
}

/** For file systems without links (FAT, some network mounts). For a moment a reader may see an empty file. */
async function createWithoutLink(file: string, text: string): Promise<boolean> {
  try {
    await insistently(() => fs.writeFile(file, text, { mode: 0o600, flag: 'wx' }));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Opens the file instead of calling stat on its path: network file systems only then update the times. */
async function look(file: string): Promise<FoundLock | undefined> {
  const handle = await ifThere(fs.open(file, 'r'));
  if (handle === undefined) return undefined;
  try {
    const text = await handle.readFile('utf8');
    return { owner: parse(text), state: `${(await handle.stat()).mtimeMs} ${text}` };
  } finally {
    await handle.close();
  }
}

function parse(text: string): Owner | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Owner, unknown>> | null;
    const { nonce, pid, place, started } = value ?? {};
    if (typeof nonce !== 'string' || !NONCE.test(nonce)) return undefined;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined;
    if (typeof place !== 'string' || typeof started !== 'string') return undefined;
    return { nonce, pid, place, started };
  } catch {
    return undefined;
  }
}

function ourselves(): Owner {
  const nonce = randomBytes(8).toString('hex');
  return { nonce, pid: process.pid, place: thisPlace(), started: processState(process.pid)?.started ?? '' };
}

function lifeOf(owner: Owner): 'alive' | 'dead' | 'unknown' {
  if (owner.place !== thisPlace()) return 'unknown';
  if (!isRunning(owner.pid)) return 'dead';
  const found = processState(owner.pid);
  if (found === undefined || owner.started === '') return 'unknown';
  return found.ended || found.started !== owner.started ? 'dead' : 'alive';
}

/** Removes what dead processes left behind: incomplete files, and claims to records that are long gone. */
async function removeLeftovers(file: string, nonce: string): Promise<void> {
  const name = basename(file);
  for (const entry of await fs.readdir(dirname(file))) {
    const [, rest] = entry.startsWith(`${name}.`) ? (LEFTOVER.exec(entry.slice(name.length)) ?? []) : [];
    if (rest === undefined || rest === nonce) continue;
    const leftover = join(dirname(file), entry);
    if (entry.endsWith('.new')) {
      const owner = (await look(leftover))?.owner;
      if (owner === undefined || lifeOf(owner) !== 'dead') continue;
    }
    // A nonce is never used again, so a claim to any nonce but ours is useless.
    await fs.unlink(leftover).catch(() => {});
  }
}

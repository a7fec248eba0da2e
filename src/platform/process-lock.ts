/** One lock between processes that share a folder: of this machine, of its containers, of others over a network. */
import { randomBytes } from 'node:crypto';
import { promises as fs, readFileSync, readlinkSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Lock } from '../core/ports.ts';
import { codeOf, ifThere, insistently, privateFolder, unwritable } from './files.ts';
import { isRunning } from './processes.ts';

/** How often an owner shows that it lives; milliseconds. */
const HEARTBEAT = 2_000;
/** How long an owner of whom nothing else can be known may be silent while we watch; milliseconds. */
const PATIENCE = 60_000;
/** A longer pause between two looks says nothing of the owner: this machine may have slept, and the owner with it. */
const ATTENTION = 5_000;
/** Checked wherever a record is read: it becomes part of a file name. */
const NONCE = /^[0-9a-f]{16}$/;
/** What follows the name of the lock: a claim, a claim to a claim, a file not yet linked. */
const LEFTOVER = /^\.([0-9a-f]{16})(?:\.(?:[0-9a-f]{16}|unreadable))*(?:\.new)?$/;
const PID_NAMESPACE = '/proc/self/ns/pid';

interface Owner {
  readonly nonce: string;
  readonly pid: number;
  /** Where the number means this process: another container or machine has other processes under the same numbers. */
  readonly place: string;
  /** Tells the process from a later one under its number; empty where the system does not say. */
  readonly started: string;
}

/** What stands at a path: somebody's record, or text that is none. */
interface Found {
  readonly owner: Owner | undefined;
  /** The same as long as nobody replaced or touched the file. */
  readonly state: string;
}

/** A record of whose owner nothing is known: for how long we have seen it unchanged, and when we looked last. */
interface Watch {
  readonly state: string;
  silent: number;
  seen: number;
}

/** What time it is; of its own for tests. */
export interface LockClock {
  /** Milliseconds, never set back. */
  readonly now: () => number;
}

/**
 * One lock between processes of one user on one folder.
 *
 * The file appears whole, by link(2), so it has one owner at a time. Only one process may take away the record with a
 * given nonce: the one that holds the claim `<file>.<nonce>`, which is a lock itself. It looks again after it has the
 * claim; from then on nobody else can have replaced what it saw, so it never removes the lock of a third process.
 */
export class ProcessLock implements Lock {
  readonly #file: string;
  readonly #clock: LockClock;
  readonly #watched = new Map<string, Watch>();
  #own: Owner | undefined;
  #heart: NodeJS.Timeout | undefined;
  #taking: Promise<boolean> | undefined;

  /** @param file is created with its folder, 0700 */
  constructor(file: string, clock: LockClock = { now: () => performance.now() }) {
    this.#file = file;
    this.#clock = clock;
  }

  /**
   * Takes the lock if it is free or its owner is dead. Never waits longer than a few file operations. An owner of whom
   * this machine cannot know (another container, another machine) is dead after 60 s of silence, seen by calls at most
   * 5 s apart. Rejects with a ProxyError 'internal' when the folder cannot be written.
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

  /** Whether the file still names this very lock: false once somebody else broke it. */
  async held(): Promise<boolean> {
    return this.#holds();
  }

  /** Idempotent; never rejects, never removes a lock that is not ours. */
  async release(): Promise<void> {
    await this.#taking?.catch(() => {});
    const own = this.#own;
    this.#own = undefined;
    clearInterval(this.#heart);
    // More than once: the first try may only have cleared away the claim of somebody who died over it.
    for (let attempt = 1; own !== undefined && attempt <= 3 && this.#names(own); attempt++) {
      try {
        await this.#remove(this.#file, own.nonce);
      } catch {
        // No room for a claim. Nobody breaks the lock of a living process, so there is nobody to collide with.
        if (this.#names(own)) await fs.unlink(this.#file).catch(() => {});
      }
    }
  }

  async #take(): Promise<boolean> {
    if (this.#holds()) return true;
    await privateFolder(path.dirname(this.#file));
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

  /** Takes the record with this nonce away (undefined: text that is no record), unless somebody else is at it or was. */
  async #remove(file: string, nonce: string | undefined): Promise<void> {
    const claim = `${file}.${nonce ?? 'unreadable'}`;
    if (!(await create(claim, ourselves()))) {
      // Whoever claimed it may have died before it was done. The next try finds the claim gone.
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
        // Where times cannot be set, processes of this machine still know that we live.
      }
    }, HEARTBEAT);
    this.#heart.unref();
  }

  #isDead(file: string, found: Found): boolean {
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

/** Our record in a new file, if there is none; a reader sees all of it or nothing. */
async function create(file: string, own: Owner): Promise<boolean> {
  const text = JSON.stringify(own);
  const temporary = `${file}.${own.nonce}.new`;
  try {
    await fs.writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    await fs.link(temporary, file);
    return true;
  } catch (error) {
    const code = codeOf(error);
    // A network file system may have made the link and lost the answer, and found it when it asked again.
    if (code === 'EEXIST') return (await look(file))?.owner?.nonce === own.nonce;
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS' || code === 'ENOENT') throw error;
    return await createWithoutLink(file, text);
  } finally {
    await fs.unlink(temporary).catch(() => {});
  }
}

/** For file systems without links (FAT, some network mounts): for a moment a reader may see an empty file. */
async function createWithoutLink(file: string, text: string): Promise<boolean> {
  try {
    await insistently(() => fs.writeFile(file, text, { mode: 0o600, flag: 'wx' }));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Opened, not looked up by name: network file systems bring times up to date only then. */
async function look(file: string): Promise<Found | undefined> {
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
  return { nonce, pid: process.pid, place: here(), started: processOf(process.pid)?.started ?? '' };
}

function lifeOf(owner: Owner): 'alive' | 'dead' | 'unknown' {
  if (owner.place !== here()) return 'unknown';
  if (!isRunning(owner.pid)) return 'dead';
  const found = processOf(owner.pid);
  if (found === undefined || owner.started === '') return 'unknown';
  return found.ended || found.started !== owner.started ? 'dead' : 'alive';
}

/** Of a process on Linux: since when it runs, in a form no other process of its number shares; see proc_pid_stat(5). */
function processOf(pid: number): { readonly started: string; readonly ended: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before it may hold anything, parentheses too.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = rest[18];
    if (state === undefined || ticks === undefined) return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return { started: `${boot} ${ticks}`, ended: 'ZXx'.includes(state) };
  } catch {
    return undefined;
  }
}

function here(): string {
  return [
    hostname(),
    textOf(() => readFileSync('/etc/machine-id', 'latin1')),
    textOf(() => readlinkSync(PID_NAMESPACE)),
  ]
    .map((part) => part.trim())
    .join(' ');
}

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** What others left behind who died over it: files half made, and claims to records that are long gone. */
async function removeLeftovers(file: string, nonce: string): Promise<void> {
  const name = path.basename(file);
  for (const entry of await fs.readdir(path.dirname(file))) {
    const [, rest] = entry.startsWith(`${name}.`) ? (LEFTOVER.exec(entry.slice(name.length)) ?? []) : [];
    if (rest === undefined || rest === nonce) continue;
    const leftover = path.join(path.dirname(file), entry);
    if (entry.endsWith('.new')) {
      const owner = (await look(leftover))?.owner;
      if (owner === undefined || lifeOf(owner) !== 'dead') continue;
    }
    // A nonce never comes back, so a claim to another one than ours gives nobody the right to anything.
    await fs.unlink(leftover).catch(() => {});
  }
}

/** Gives memory back that V8 keeps in a process which has nothing to do for most of its life. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** How often to look, in milliseconds. */
const LOOK_EVERY = 15_000;
/** How much CPU a process at rest uses between two looks at most, in microseconds. */
const AT_REST = 50_000;
/** So many looks in a row must find a process at rest: after a collection, V8 compiles again what calls run through. */
const RESTS = 2;
/** How many bytes more than after the last collection make another one worth its CPU, a few tenths of a second in all. */
const WORTH = 8 * 1_048_576;
/** What a process holds that has hardly begun, in bytes. */
const AT_FIRST = 6 * 1_048_576;

/** Decides when to collect. */
export class RestingHeap {
  #cpu = 0;
  /** Looks that found the process at rest, one after the other. */
  #rests = 0;
  #least = AT_FIRST;

  /**
   * Whether the process has been at rest for some looks, and holds much more than it needs.
   * @param cpu microseconds that the process has used so far
   * @param held bytes of the heap and of what belongs to it
   */
  worthCollecting(cpu: number, held: number): boolean {
    const used = cpu - this.#cpu;
    this.#cpu = cpu;
    this.#rests = used < AT_REST ? this.#rests + 1 : 0;
    this.#least = Math.min(this.#least, held);
    // The more a process needs, the longer a collection takes.
    return this.#rests >= RESTS && held - this.#least >= Math.max(WORTH, this.#least / 4);
  }

  /** @param held bytes that are left; if they are many, they are needed. */
  collected(held: number): void {
    this.#least = held;
  }
}

/**
 * Collects all garbage when the process rests. V8 often does not: it takes the rate at which objects came last for the
 * rate at which they come now.
 */
export function giveMemoryBackAtRest(): void {
  const heap = new RestingHeap();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage();
    if (!heap.worthCollecting(user + system, heldBytes())) return;
    try {
      collectAll();
    } catch {
      // Flags of V8 that the user has set can prevent it. The process works without it.
      clearInterval(timer);
    }
    heap.collected(heldBytes());
  }, LOOK_EVERY);
  timer.unref();
}

/**
 * Lets the main thread free what Maglev has needed, a compiler of V8 12 (Node 22) and newer: with the threads that do it
 * otherwise, some 15 MB stay in the pools of `malloc`.
 *
 * V8 uses no stored code under other flags than those it was stored under, so the flag is as it was when Node stores
 * compiled code, which it does at the end.
 */
export function freeCompilerMemory(): void {
  if (Number.parseInt(process.versions.v8, 10) < 12) return;
  setFlagsFromString('--no-maglev-destroy-on-background');
  process.once('exit', () => setFlagsFromString('--maglev-destroy-on-background'));
}

function heldBytes(): number {
  const { total_heap_size, external_memory } = getHeapStatistics();
  return total_heap_size + external_memory;
}

/** Collects all garbage, and gives the memory back that it was in. Throws when V8 has no function for that. */
export function collectAll(): void {
  // A user who has asked for it with a flag keeps the flag.
  const collect = (globalThis.gc as Collect | undefined) ?? hiddenCollect();
  collect({ type: 'major', flavor: 'last-resort' });
}

type Collect = (options: object) => void;

function hiddenCollect(): Collect {
  setFlagsFromString('--expose-gc');
  try {
    // Only new contexts get the function.
    return process.getBuiltinModule('node:vm').runInNewContext('gc');
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}

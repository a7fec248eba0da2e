// Feeds damaged bytes to the built program wherever bytes of others come in. Whatever it gets: it goes on, answers the
// next right request, keeps its memory, and shows nobody a stack trace.
import { type ProcessState, stateOf, stateWhen } from '../../blackbox/sharing/process-state.ts';
import type { ProxyProcess } from '../../peers/proxy.ts';
import { type Random, seeded } from '../../unit/core/random.ts';
import { mutated } from '../mutations.ts';

export interface Door {
  readonly name: string;
  /** Cases of the short form: fewer where each one starts the program. */
  readonly few: number;
  open(): Promise<OpenDoor>;
}

export interface OpenDoor {
  /** Feeds one case. Resolves when the program is done with it; rejects when it shows a fault. */
  feed(random: Random): Promise<void>;
  /** Rejects when a right request is not answered. */
  works(): Promise<void>;
  /** The program, where one takes all cases. */
  readonly proxy?: ProxyProcess;
  close(): Promise<void>;
}

const BATCH = 25;
/** What the memory of the program may grow by, in MiB. */
const GROWTH = 150;

/** Each case has a seed of its own, counted up from the first. Rejects with the seeds that show a fault again. */
export async function fuzzDoor(door: Door, seed: number, count: number): Promise<void> {
  const open = await door.open();
  let first = seed;
  let own = seed;
  try {
    await open.works();
    const before = open.proxy && stateOf(open.proxy.pid);
    for (; own < seed + count; own++) {
      await open.feed(seeded(own));
      if ((own - seed) % BATCH !== BATCH - 1) continue;
      await judge(open);
      first = own + 1;
    }
    await judge(open);
    await judgeMemory(open, before);
  } catch (error) {
    const seeds = own === first ? own : `${first} to ${Math.min(own, seed + count - 1)}`;
    throw new Error(`${door.name}, seed ${seeds}: ${(error as Error).stack}`, { cause: error });
  } finally {
    await open.close();
  }
}

async function judge({ works, proxy }: OpenDoor): Promise<void> {
  await works();
  if (proxy) judgeWords(proxy.stderr);
}

async function judgeMemory({ proxy }: OpenDoor, before: ProcessState | undefined): Promise<void> {
  if (!proxy || !before) return;
  const fits = ({ memory }: ProcessState): boolean => memory <= before.memory + GROWTH;
  const after = await stateWhen(proxy.pid, fits, 20_000);
  if (after && !fits(after)) throw new Error(`the memory went from ${before.memory} to ${after.memory} MiB`);
}

const TRACE = /^\s*at .+:\d+:\d+\)?$/m;
const CRASH = /internal error|unhandled|uncaught|\b(Type|Range|Reference|Syntax)Error\b|ERR_[A-Z_]+/i;

/** Throws when the log shows what no user can read. */
export function judgeWords(stderr: string): void {
  const seen = TRACE.exec(stderr) ?? CRASH.exec(stderr);
  if (!seen) return;
  throw new Error(
    `the log says ${JSON.stringify(seen[0])}:\n${stderr.slice(Math.max(0, seen.index - 1_000)).slice(0, 3_000)}`,
  );
}

/** A damaged text of the corpus. */
export function damaged(corpus: readonly string[], random: Random): Buffer {
  return mutated(
    corpus.map((text) => Buffer.from(text)),
    random,
  );
}

/** Puts in what is only known while the program runs, such as the id of a session. */
export function filled(bytes: Buffer, values: Readonly<Record<string, string>>): Buffer {
  let text = bytes.toString('latin1');
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(name, value);
  return Buffer.from(text, 'latin1');
}

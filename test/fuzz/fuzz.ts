// Feeds damaged texts to the parsers.
import { seeded } from '../unit/core/random.ts';
import { mutated } from './mutations.ts';
import type { Target } from './targets.ts';

/** A text that shows a fault, and how to see it again. */
export class Fault extends Error {
  constructor(target: Target, seed: number, bytes: Buffer, cause: unknown) {
    const text = JSON.stringify(bytes.toString('latin1').slice(0, 2_000));
    const why = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    super(`${target.name}, seed ${seed}: ${text}\n${why}`, { cause });
  }
}

/**
 * Checks the right texts, and then as many damaged ones; each has a seed of its own, counted up from the first. Throws a
 * Fault.
 */
export function fuzz(target: Target, seed: number, count: number): void {
  const corpus = target.corpus.map((text) => Buffer.from(text));
  const check = (bytes: Buffer, own: number): void => {
    try {
      target.check(bytes, seeded(own));
    } catch (error) {
      throw new Fault(target, own, bytes, error);
    }
  };
  for (const bytes of corpus) check(bytes, seed);
  for (let own = seed; own < seed + count; own++) check(mutated(corpus, seeded(own)), own);
}

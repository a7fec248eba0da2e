// The short form of `npm run fuzz`: every parser with some hundred damaged texts, others in each run.
import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';
import { TARGETS } from './targets.ts';

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000_000);
const COUNT = 400;

it.each(TARGETS.map((target) => [target.name, target] as const))('%s', (_name, target) => {
  fuzz(target, SEED, COUNT);
});

it('finds a fault, and names the seed that shows it again', () => {
  const target = {
    name: 'a parser with a fault',
    corpus: ['abc'],
    check: (bytes: Buffer) => {
      if (bytes.includes(0x22)) throw new TypeError('cannot read properties of undefined');
    },
  };
  const seen = (seed: number, count: number): string => {
    try {
      fuzz(target, seed, count);
      return 'no fault';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const [, seed] = /seed (\d+)/.exec(seen(1, 1_000)) ?? [];
  expect(seen(Number(seed), 1)).toContain('cannot read properties');
});

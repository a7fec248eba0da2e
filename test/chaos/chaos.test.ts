// The short form of `npm run chaos`, with another seed in each run; a failure names it.
import { afterEach, describe, expect, it } from 'vitest';
import { closeCounting } from '../peers/http/counting-server.ts';
import { closeServings } from '../peers/http/serving.ts';
import { closeProxies } from '../peers/proxy.ts';
import { chaos, judge } from './chaos.ts';

afterEach(closeServings);
afterEach(closeProxies);
afterEach(closeCounting);

const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);

it('a bad minute', { timeout: 600_000 }, async () => {
  const lines: string[] = [`seed ${SEED}`];
  const { calls, succeeded, faults, wrong } = await chaos({
    minutes: 1,
    clients: 12,
    seed: SEED,
    report: (line) => void lines.push(line),
  });
  expect(wrong, lines.join('\n')).toEqual([]);
  // Otherwise there was no weather, or nobody was out in it.
  expect(faults).toBeGreaterThan(5);
  expect(calls).toBeGreaterThan(12);
  expect(succeeded).toBeGreaterThan(0);
});

describe('the judge complains about', () => {
  it.each<[what: string, args: Parameters<typeof judge>]>([
    ['a call without an answer', ['late', 1, 0]],
    ['a call that can get no answer', [new Error('gone'), 1, 0]],
    ["another call's answer", ['foreign', 1, 1]],
    ['two answers', ['result', 1, 2]],
    ['a tool that ran twice', ['error', 2, 1]],
    ['a result of a call that never ran', ['result', 0, 1]],
  ])('%s', (_what, args) => {
    expect(judge(...args)).toHaveLength(1);
  });

  it('nothing else', () => {
    expect([judge('result', 1, 1), judge('error', 1, 1), judge('error', 0, 1)]).toEqual([[], [], []]);
  });
});

// The short form of `npm run chaos -- --replicas 3`, with another seed in each run; a failure names it.
import { afterEach, describe, expect, it } from 'vitest';
import { closeCounting } from '../../peers/http/counting-server.ts';
import { closeServings } from '../../peers/http/serving.ts';
import { replicaChaos } from './chaos.ts';
import { type Deeds, type Happened, type Lost, wrongIn } from './outcomes.ts';

afterEach(closeServings);
afterEach(closeCounting);

const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);

it('a bad quarter of a minute for replicas', { timeout: 600_000 }, async () => {
  const lines: string[] = [`seed ${SEED}`];
  const report = (line: string): void => void lines.push(line);
  const { calls, faults, wrong } = await replicaChaos({ minutes: 0.25, clients: 8, replicas: 3, seed: SEED, report });
  expect(wrong, lines.join('\n')).toEqual([]);
  // Otherwise there was no bad weather, or no client was out in it.
  expect(Object.keys(faults).length).toBeGreaterThan(0);
  expect(calls.result).toBeGreaterThan(0);
});

describe('wrong is', () => {
  const happened = (more: Partial<Happened>): Happened => ({
    nonce: 'n',
    outcome: { kind: 'result' },
    ran: 1,
    answers: 1,
    progress: [],
    ...more,
  });
  const deeds = (tookSession: boolean): Deeds => ({
    killed: (name) => name === 'dead',
    tookSession: () => tookSession,
  });

  it.each<[what: string, more: Partial<Happened>]>([
    ['a call without an answer', { outcome: { kind: 'late' } }],
    ["another call's answer", { outcome: { kind: 'foreign', text: '' } }],
    ['two answers', { answers: 2 }],
    ['a tool that ran twice', { ran: 2, outcome: { kind: 'error' } }],
    ['a result of a call that never ran', { ran: 0 }],
    ['a call that ran although it was refused', { outcome: { kind: 'refused', status: 503 } }],
    ['a call that a living replica lost', { outcome: { kind: 'lost', by: 'alive', how: '' }, answers: 0 }],
    ['a call that an unknown replica lost', { outcome: { kind: 'lost', by: undefined, how: '' }, answers: 0 }],
    ["another call's progress", { progress: [{ step: 1, nonce: 'm' }] }],
    ['progress out of order', { progress: [2, 1].map((step) => ({ step, nonce: 'n' })) }],
    ['progress that comes twice', { progress: [1, 1].map((step) => ({ step, nonce: 'n' })) }],
  ])('%s', (_what, more) => {
    expect(wrongIn(happened(more), deeds(true))).toHaveLength(1);
  });

  it.each<[what: string, more: Partial<Happened>]>([
    ['its own result', {}],
    ['an error', { outcome: { kind: 'error' }, ran: 0 }],
    ['progress in order', { progress: [1, 2].map((step) => ({ step, nonce: 'n' })) }],
    ['a call that was refused', { outcome: { kind: 'refused', status: 503 }, ran: 0 }],
    ['a call that a killed replica lost', { outcome: { kind: 'lost', by: 'dead', how: '' }, answers: 0 }],
  ])('not %s', (_what, more) => {
    expect(wrongIn(happened(more), deeds(false))).toEqual([]);
  });

  it('a lost session that neither store nor replica can have lost', () => {
    const outcome: Lost = { kind: 'lost', by: 'alive', how: '', unknown: true };
    expect(wrongIn(happened({ outcome, answers: 0 }), deeds(false))).toHaveLength(1);
    expect(wrongIn(happened({ outcome, answers: 0 }), deeds(true))).toEqual([]);
  });
});

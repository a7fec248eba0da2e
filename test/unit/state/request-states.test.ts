// What a client brings back is what it was given, for the same request, or it is refused.
import { expect, it } from 'vitest';
import { HOLD } from '../../../src/state/held-calls.ts';
import { requestStates } from '../../../src/state/request-states.ts';
import { seeded } from '../core/random.ts';

const PARAMS = '{"name":"a","arguments":{"n":12345678901234567890}}';
const REQUEST = { method: 'tools/call', params: Buffer.from(PARAMS), owner: 'ann' };
const HELD = { kind: 'held', handle: 'h'.repeat(22) } as const;

const withParams = (params: string) => ({ ...REQUEST, params: Buffer.from(params) });

it.each([HELD, { kind: 'again' } as const])('%j comes back', (claim) => {
  const states = requestStates();
  expect(states.open(states.seal(claim, REQUEST), REQUEST)).toEqual(claim);
});

it('what differs between the two requests does not count', () => {
  const states = requestStates();
  const state = states.seal(HELD, REQUEST);
  const again = `{"_meta":{"a":1},"requestState":"x","inputResponses":{},"arguments":{"n":12345678901234567890},"name":"\\u0061"}`;
  expect(states.open(state, withParams(again))).toEqual(HELD);
});

it.each([
  ['another owner', { ...REQUEST, owner: 'bob' }, 'principal'],
  ['another method', { ...REQUEST, method: 'prompts/get' }, 'digest'],
  ['a number that is the same as a double', withParams(PARAMS.replace('890}', '891}')), 'digest'],
  ['a member more', withParams(PARAMS.replace('{"n"', '{"m":1,"n"')), 'digest'],
  ['no parameters', { ...REQUEST, params: undefined }, 'digest'],
])('%s is refused', (_what, request, reason) => {
  const states = requestStates();
  expect(states.open(states.seal(HELD, REQUEST), request)).toEqual({ kind: 'refused', reason });
});

it('is refused when its time is over', () => {
  let now = 5;
  const states = requestStates(() => now);
  const state = states.seal(HELD, REQUEST);
  now += HOLD - 1;
  expect(states.open(state, REQUEST)).toEqual(HELD);
  now++;
  expect(states.open(state, REQUEST)).toEqual({ kind: 'refused', reason: 'expired' });
});

it('says nothing about its owner, and is short', () => {
  const state = requestStates().seal(HELD, REQUEST);
  expect(Buffer.from(state.split('.')[1] as string, 'base64url').toString()).not.toContain('ann');
  expect(state.length).toBeLessThan(256);
});

it('is refused with any change, and under any other key', () => {
  const states = requestStates();
  const state = states.seal(HELD, REQUEST);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ !';
  for (let seed = 0; seed < 2_000; seed++) {
    const random = seeded(seed);
    const at = random.int(state.length);
    const replaced = `${state.slice(0, at)}${random.pick([...alphabet, ''])}${state.slice(at + random.int(2))}`;
    if (replaced === state) continue;
    expect(states.open(replaced, REQUEST), replaced).toMatchObject({ kind: 'refused' });
  }
  expect(requestStates().open(state, REQUEST)).toEqual({ kind: 'refused', reason: 'mac' });
});

it.each(['', '.', '..', 'p1', 'p1.', 'p1..', 'p1.e30', 'p1.e30.', 'p1.e30.x.y', 'p2.e30.x', 'x'.repeat(100_000)])(
  '%j is malformed',
  (state) => {
    expect(requestStates().open(state, REQUEST)).toEqual({ kind: 'refused', reason: 'malformed' });
  },
);

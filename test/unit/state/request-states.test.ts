// What a client brings back is what it was given, for the same request; everything else is refused.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { members } from '../../../src/core/json.ts';
import type { BoundRequest } from '../../../src/core/ports/held.ts';
import { canonical } from '../../../src/mcp/eras/canonical.ts';
import { HOLD } from '../../../src/state/memory/held-calls.ts';
import { requestStates } from '../../../src/state/request-states.ts';
import { objectText } from '../core/json-arbitraries.ts';

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

it('comes back for the same request however it is written, and for no other', () => {
  const states = requestStates();
  const request = fc.record({
    method: fc.constantFrom('tools/call', 'prompts/get', 'resources/read'),
    params: objectText.map((text) => Buffer.from(text)),
    owner: fc.string(),
  });
  const isBound = (one: BoundRequest, other: BoundRequest): void => {
    const state = states.seal(HELD, one);
    expect(states.open(state, one)).toEqual(HELD);
    const isSame = one.method === other.method && one.owner === other.owner && bare(one.params) === bare(other.params);
    expect(states.open(state, other).kind).toBe(isSame ? 'held' : 'refused');
  };
  fc.assert(fc.property(request, request, isBound), { numRuns: 200 });
});

/** The parameters that count, in one spelling. */
function bare(params: Buffer | undefined): string {
  const own = members(params as Buffer).filter(({ key }) => !['_meta', 'inputResponses', 'requestState'].includes(key));
  const pairs = own.map(({ key, start, end }) => `${JSON.stringify(key)}:${params?.toString('utf8', start, end)}`);
  return canonical(Buffer.from(`{${pairs.join(',')}}`));
}

it('is refused with any change, and under any other key', () => {
  const states = requestStates();
  const state = states.seal(HELD, REQUEST);
  const refuses = (at: number, length: number, text: string): void => {
    const changed = `${state.slice(0, at)}${text}${state.slice(at + length)}`;
    fc.pre(changed !== state);
    expect(states.open(changed, REQUEST)).toMatchObject({ kind: 'refused' });
  };
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom(...state), fc.constantFrom('=', '+', '/', ' ', 'é')),
    maxLength: 3,
  });
  const place = fc.nat({ max: state.length });
  fc.assert(fc.property(place, fc.nat({ max: 3 }), text, refuses), { numRuns: 3_000 });
  // Parts of one state in another.
  const other = states.seal({ kind: 'again' }, REQUEST);
  const mixes = (at: number, from: number): void => {
    const mixed = `${state.slice(0, at)}${other.slice(from)}`;
    fc.pre(mixed !== state && mixed !== other);
    expect(states.open(mixed, REQUEST)).toMatchObject({ kind: 'refused' });
  };
  fc.assert(fc.property(place, fc.nat({ max: other.length }), mixes), { numRuns: 1_000 });
  expect(requestStates().open(state, REQUEST)).toEqual({ kind: 'refused', reason: 'mac' });
});

it.each(['', '.', '..', 'p1', 'p1.', 'p1..', 'p1.e30', 'p1.e30.', 'p1.e30.x.y', 'p2.e30.x', 'x'.repeat(100_000)])(
  '%j is malformed',
  (state) => {
    expect(requestStates().open(state, REQUEST)).toEqual({ kind: 'refused', reason: 'malformed' });
  },
);

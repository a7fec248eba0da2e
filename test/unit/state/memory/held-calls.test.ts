// Held calls: each is taken once, ends when its time is over, and counts.
import { expect, it } from 'vitest';
import type { Held } from '../../../../src/core/ports/held.ts';
import { HOLD, memoryHeldCalls } from '../../../../src/state/memory/held-calls.ts';
import { TestClock } from '../../layers/bridge/held/legacy-peer.ts';

function callOf(owner: string, expired: string[] = []): Held {
  return { owner, expire: () => void expired.push(owner) };
}

it('a call is taken once, by its own handle', async () => {
  const held = memoryHeldCalls<Held>(new TestClock());
  const [one, two] = [callOf('a'), callOf('a')];
  const handles = [await held.hold(one), await held.hold(two)] as string[];
  expect(new Set(handles).size).toBe(2);
  for (const handle of handles) expect(handle).toMatch(/^[\w-]{22}$/);
  expect(await held.take('__proto__')).toBeUndefined();
  expect(await held.take(handles[0] as string)).toBe(one);
  expect(await held.take(handles[0] as string)).toBeUndefined();
  expect(held.size).toBe(1);
  held.forget(handles[1] as string);
  expect(held.size).toBe(0);
});

it('a call that is not taken in time ends, and its timer with it', async () => {
  const clock = new TestClock();
  const expired: string[] = [];
  const held = memoryHeldCalls<Held>(clock);
  await held.hold(callOf('a', expired));
  clock.move(1);
  const taken = await held.hold(callOf('b', expired));
  await held.take(taken as string);
  expect(clock.pending).toBe(1);
  clock.move(HOLD - 2);
  expect(expired).toEqual([]);
  clock.move(1);
  expect(expired).toEqual(['a']);
  expect([held.size, clock.pending]).toEqual([0, 0]);
});

it('no owner and not all together hold more than they may', async () => {
  const held = memoryHeldCalls<Held>(new TestClock(), { total: 3, own: 2 });
  const first = await held.hold(callOf('a'));
  await held.hold(callOf('a'));
  expect(await held.hold(callOf('a'))).toBeUndefined();
  expect(await held.hold(callOf('b'))).toBeDefined();
  expect(await held.hold(callOf('c'))).toBeUndefined();
  await held.take(first as string);
  expect(await held.hold(callOf('a'))).toBeDefined();
});

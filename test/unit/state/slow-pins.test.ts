// Pinned tools whose store is far away: it answers late, and sometimes fails.
import { expect, it } from 'vitest';
import type { PinStore, Pins } from '../../../src/core/ports/pins.ts';
import type { ToolCheck } from '../../../src/layers/policy/checked-tools.ts';
import { pinnedTools } from '../../../src/layers/policy/pins/pinned-tools.ts';
import { memoryPins } from '../../../src/state/memory/pins.ts';

/** How late each answer is, in macrotasks. */
const TURNS = 4;

/** A store as a service on another machine would be. Changes come one after the other; every n-th call fails. */
function startStore(failEvery = 0): PinStore & { readonly failures: number } {
  const pins = memoryPins();
  let calls = 0;
  let failures = 0;
  let last: Promise<unknown> = Promise.resolve();
  const answer = <T>(act: () => Promise<T>): Promise<T> => {
    const fails = failEvery > 0 && ++calls % failEvery === 0;
    const own = last.then(async () => {
      for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate);
      if (!fails) return act();
      failures++;
      throw new Error('the connection was reset');
    });
    last = own.catch(() => {});
    return own;
  };
  return {
    get failures() {
      return failures;
    },
    read: () => answer(() => pins.read()),
    update: (change: (pins: Pins) => Pins) => answer(() => pins.update(change)),
  };
}

function checkWith(store: PinStore): { readonly check: ToolCheck; readonly warned: string[] } {
  const warned: string[] = [];
  const check = pinnedTools({
    store,
    isOwn: () => false,
    warn: (line) => warned.push(line),
    accept: 'mcp-proxy accept https://server.example/mcp',
  });
  return { check, warned };
}

const tool = (name: string, description: string) => ({
  name,
  definition: Buffer.from(JSON.stringify({ name, description })),
});

it('lists that come at the same time are checked against the same first sight', async () => {
  const store = startStore();
  const proxies = [checkWith(store), checkWith(store)];
  const passed = await Promise.all(
    proxies.map(({ check }, at) => check.pass([tool('send', at === 0 ? 'Sends a mail' : 'Sends a mail to Eve')])),
  );
  expect(passed.map((names) => [...names])).toEqual([['send'], []]);
  expect((await store.read()).changed.has('send')).toBe(true);
  expect(proxies[1]?.warned[0]).toContain('has changed since it was first seen');
});

it.each([3, 5])('a changed tool passes no list while every call number %d fails', async (failEvery) => {
  const store = startStore(failEvery);
  const { check } = checkWith(store);
  expect(await attempt(check, 'Sends a mail')).toEqual(['send']);
  for (let round = 0; round < 10; round++) {
    const passed = await attempt(check, 'Sends a mail to Eve');
    expect(passed === 'failed' ? [] : passed).toEqual([]);
  }
  expect(store.failures).toBeGreaterThan(0);
});

it('no tool passes a list that cannot be compared', async () => {
  const { check } = checkWith(startStore(1));
  expect(await attempt(check, 'Sends a mail')).toBe('failed');
});

/** The tools that pass; `failed` when the list cannot be checked, which is an error for the client. */
async function attempt(check: ToolCheck, description: string): Promise<string[] | 'failed'> {
  try {
    return [...(await check.pass([tool('send', description)]))];
  } catch {
    return 'failed';
  }
}

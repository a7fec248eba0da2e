// Until when a client waits for the lists of its servers.
import { describe, expect, it } from 'vitest';
import { Arrivals, waitUntil } from '../../../../src/layers/join/enough.ts';

const remote = { local: false, pace: undefined };
const local = { local: true, pace: undefined };

describe('the wait for a list', () => {
  it.each([
    ['nothing has come yet', remote, { any: undefined, local: undefined }, 5_000],
    ['something is known from memory', remote, { any: 0, local: undefined }, 150],
    ['another server has just answered', remote, { any: 400, local: undefined }, 550],
    ['a program may still be starting', local, { any: 20, local: undefined }, 1_000],
    ['another program has started', local, { any: 700, local: 600 }, 750],
    ['the server has answered before', { local: false, pace: 100 }, { any: 0, local: undefined }, 550],
    ['the server was slow before', { local: false, pace: 60_000 }, { any: 0, local: undefined }, 3_000],
  ])('when %s', (_, asked, progress, expected) => {
    expect(waitUntil(asked, progress)).toBe(expected);
  });

  it('is over at once when nothing is asked for, or all of it is there', async () => {
    const arrivals = new Arrivals();
    await arrivals.enough([], true);
    await arrivals.enough([{ over: Promise.resolve(), ...remote }], false);
  });

  it('ends without a list that never comes', async () => {
    const never = new Promise<void>(() => {});
    await new Arrivals().enough(
      [
        { over: never, ...remote },
        { over: Promise.resolve(), ...remote },
      ],
      true,
    );
  });
});

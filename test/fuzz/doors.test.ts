// The short form of `npm run fuzz` for the doors of the program: the same cases in each run.
import { afterEach, describe, expect, it } from 'vitest';
import { closeConnections } from '../blackbox/http/raw-connection.ts';
import { closeServings } from '../peers/http/serving.ts';
import { closeProxies } from '../peers/proxy.ts';
import { DOORS } from './doors/all.ts';
import { type Door, fuzzDoor, judgeWords } from './doors/door.ts';

afterEach(closeConnections);
afterEach(closeServings);
afterEach(closeProxies);

const SEED = 20_261_129;

it.each(DOORS.map((door) => [door.name, door] as const))('%s', { timeout: 600_000 }, async (_name, door) => {
  await fuzzDoor(door, SEED, door.few);
});

describe('a fault is seen', () => {
  const door = (faults: { readonly feed?: number; readonly works?: number }): Door => {
    let fed = 0;
    let asked = 0;
    const fail = (at: number | undefined, count: number): void => {
      if (at !== undefined && count >= at) throw new Error('it is gone');
    };
    return {
      name: 'a door',
      few: 1,
      open: async () => ({
        feed: async () => fail(faults.feed, ++fed),
        works: async () => fail(faults.works, ++asked),
        close: async () => {},
      }),
    };
  };

  it('in one case, whose seed is named', async () => {
    await expect(fuzzDoor(door({ feed: 31 }), 1_000, 100)).rejects.toThrow(
      'a door, seed 1025 to 1030: Error: it is gone',
    );
  });

  it('after some cases, whose seeds are named', async () => {
    await expect(fuzzDoor(door({ works: 3 }), 1_000, 100)).rejects.toThrow(
      'a door, seed 1025 to 1049: Error: it is gone',
    );
  });

  it.each([
    'TypeError: Cannot read properties of undefined',
    'error: internal error',
    '    at Object.<anonymous> (file:///x/dist/mcp-proxy.js:1:2)',
    '(node:1) UnhandledPromiseRejectionWarning: x',
  ])('on stderr: %s', (line) => {
    expect(() => judgeWords(`info: started\n${line}\n`)).toThrow('the log says');
  });
});

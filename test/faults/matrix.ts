// The tests of the cells of one kind of server. Many cells run side by side, because most of their time is waiting.
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cell, cells, isInEveryRun, nameOf, needsLimit, type Upstream } from './cells.ts';
import { runCell, type StartServer } from './run.ts';

const PLAYS_ALL = process.env.WHOLE_MATRIX === '1';
const AT_A_TIME = 24;
/** Descriptors that Node opens once and keeps: for its thread pool, and for modules that a cell loads first. */
const SPARE = 8;

const descriptors = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);

/** @param isOurs chooses among the cells of the server */
export function matrixTests(
  upstream: Upstream,
  start: StartServer,
  isOurs: (cell: Cell) => boolean = () => true,
): void {
  const all = cells().filter((cell) => cell.upstream === upstream && isOurs(cell) && (PLAYS_ALL || isInEveryRun(cell)));
  const outcomes = new Map<Cell, Promise<void>>();
  let before = 0;

  beforeAll(() => {
    before = descriptors();
    // Those that wait for a limit first: the others use the time.
    const queue = all.toSorted((a, b) => Number(needsLimit(b)) - Number(needsLimit(a)));
    const settlers = new Map<Cell, (outcome: Promise<void>) => void>();
    for (const cell of queue) {
      outcomes.set(cell, new Promise((resolve) => settlers.set(cell, resolve)));
    }
    const work = async (): Promise<void> => {
      for (let cell = queue.shift(); cell; cell = queue.shift()) {
        const outcome = runCell(cell, start);
        settlers.get(cell)?.(outcome);
        await outcome.catch(() => {});
      }
    };
    for (let n = 0; n < AT_A_TIME; n++) void work();
    for (const outcome of outcomes.values()) outcome.catch(() => {});
  });

  describe(`a server over ${upstream}`, () => {
    it.each(all.map((cell) => [nameOf(cell), cell] as const))('%s', (_, cell) => outcomes.get(cell));
  });

  afterAll(async () => {
    await Promise.allSettled(outcomes.values());
    expect(descriptors()).toBeLessThanOrEqual(before + SPARE);
  });
}

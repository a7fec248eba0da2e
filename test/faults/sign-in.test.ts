// The requests for tokens. After a failure the proxy leaves the authorization server alone for a while; a clock that is
// moved on makes it short.
import { afterAll } from 'vitest';
import { asksForToken } from './cells.ts';
import { startRemote } from './http-servers.ts';
import { matrixTests } from './matrix.ts';

/** The longest pause, in milliseconds. */
const PAUSE = 300_000;
const { now } = Date;
let moved = 0;
Date.now = () => now() + moved;
afterAll(() => {
  Date.now = now;
});

matrixTests(
  'streamable',
  async (cell, timeout) => {
    const server = await startRemote(cell, timeout);
    return {
      ...server,
      pass: () => {
        moved += PAUSE;
      },
    };
  },
  asksForToken,
);

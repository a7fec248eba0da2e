// A proxy with every access check switched on, shared by a test file, and a way to see that a check has refused a
// request.
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../../peers/hostile.ts';
import { closeServings, type Serving, startServing } from '../../../peers/http/serving.ts';
import { type Ask, initialize } from '../exchange.ts';
import { closeConnections } from '../raw-connection.ts';

export const TOKEN = 'abc.DEF_123~xyz-+/==';
export const BEARER = { authorization: `Bearer ${TOKEN}` };
export const ALLOWED_HOST = 'mcp.example.com';
export const ALLOWED_ORIGIN = 'https://app.example.com';

export interface Guarded {
  readonly upstream: Hostile;
  readonly url: string;
  /** Passes when no session was opened at the server since the test began. */
  untouched(): void;
}

/** Call it once in a test file: it registers the start before all tests and the end after them. */
export function guarded(): Guarded {
  let upstream: Hostile;
  let serving: Serving;
  let before = 0;
  const openings = (): number => upstream.all('initialize').length;
  beforeAll(async () => {
    upstream = await startHostile();
    const allowed = ['--allowed-host', ALLOWED_HOST, '--allowed-origin', ALLOWED_ORIGIN];
    serving = await startServing(upstream.url, ['--client-token', TOKEN, ...allowed]);
  });
  beforeEach(() => {
    before = openings();
  });
  afterAll(async () => {
    closeConnections();
    await closeServings();
    await closeHostiles();
  });
  return {
    get upstream() {
      return upstream;
    },
    get url() {
      return serving.url;
    },
    untouched: () => expect(openings()).toBe(before),
  };
}

/** The request that every check gets: it opens a session. */
export const opening = (headers: Ask['headers'] = {}): Ask => ({ path: '/mcp', headers, body: initialize() });

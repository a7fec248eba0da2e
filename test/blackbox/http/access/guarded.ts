// A proxy with every door that there is, for a whole test file; and how to see that a door stayed shut.
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
  /** No session was opened at the server since the test began. */
  untouched(): void;
}

/** Registers start and end for the calling test file. */
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

/** What is asked of every door: to open a session. */
export const opening = (headers: Ask['headers'] = {}): Ask => ({ path: '/mcp', headers, body: initialize() });

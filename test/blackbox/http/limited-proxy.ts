// A proxy with small limits and a session in it, for tests of requests that are refused before they reach the server.
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import { closeServings, type Serving, startServing } from '../../peers/http/serving.ts';
import { closeStreams } from './event-stream.ts';
import { type Answered, openSession, request } from './exchange.ts';

export const MIB = 1_048_576;
const PING_ID = 7;
const VENDOR_ID = 8;
export const PING = request(PING_ID, 'ping');
export const VENDOR = request(VENDOR_ID, 'vendor/method');

export interface Refusing {
  readonly url: string;
  readonly upstream: Hostile;
  readonly session: string;
  /** Nothing has come to the server since the test began, or since `mark`. */
  untouched(): void;
  mark(): void;
}

/**
 * Call it once in a test file: it registers the start before all tests and the end after them. A body may have 1 MiB.
 */
export function refusing(): Refusing {
  let upstream: Hostile;
  let serving: Serving;
  let session = '';
  let before = 0;
  // Requests of earlier tests that reach the server late do not count.
  const late = ['notifications/initialized', 'GET', 'DELETE'];
  const arrived = (): number => upstream.requests.filter(({ kind }) => !late.includes(kind)).length;
  const mark = (): void => {
    before = arrived();
  };
  beforeAll(async () => {
    upstream = await startHostile();
    serving = await startServing(upstream.url, ['--max-body', '1']);
    session = await openSession(serving.url);
  });
  beforeEach(mark);
  afterAll(async () => {
    closeStreams();
    await closeServings();
    await closeHostiles();
  });
  return {
    get url() {
      return serving.url;
    },
    get upstream() {
      return upstream;
    },
    get session() {
      return session;
    },
    mark,
    untouched: () => expect(arrived()).toBe(before),
  };
}

/** The body of a refusal: a JSON-RPC error, under the id of the request if it was read. */
export function expectRefusal(answered: Answered, status: number): void {
  expect(answered.status, answered.text).toBe(status);
  expect(answered.headers['content-type']).toMatch(/^application\/json/);
  const { jsonrpc, id, error } = answered.json;
  expect([jsonrpc, typeof error?.code]).toEqual(['2.0', 'number']);
  expect([null, PING_ID, VENDOR_ID]).toContain(id);
  expect(error?.message).toMatch(/\S/);
  expect(answered.headers['mcp-session-id']).toBeUndefined();
}

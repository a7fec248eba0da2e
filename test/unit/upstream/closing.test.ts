// Ending the session with the server repeatedly: it ends once, and the call in flight is answered once.
import { afterEach, expect, it, vi } from 'vitest';
import type { Fetch } from '../../../src/core/fetch.ts';
import type { TransportName } from '../../../src/core/ports.ts';
import { Upstream } from '../../../src/upstream/upstream.ts';
import { exchangeOf, SILENT, textOf } from '../layers/exchanges.ts';

const LOG = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const INITIALIZED = '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}';
const ANSWER = '{"jsonrpc":"2.0","id":2,"result":{"late":true}}';

/** A response with a body of JSON, which may take as long as the test wants. */
function json(body: Promise<string> | string, headers: Record<string, string> = {}): ReturnType<Fetch> {
  return Promise.resolve({
    status: 200,
    headers: { 'content-type': 'application/json', ...headers },
    body: {
      each: async (sink) => void (await sink(Buffer.from(await body))),
      bytes: async () => Buffer.from(await body),
      destroy: () => {},
    },
  });
}

/** A session with one call in flight, and the methods of all requests that the server got. */
async function opened({ remove = () => json('{}') }: { readonly remove?: Fetch } = {}) {
  const methods: string[] = [];
  let answer: (body: string) => void = () => {};
  const called = new Promise<string>((resolve) => {
    answer = resolve;
  });
  const fetch: Fetch = (request) => {
    const { method, body } = request;
    methods.push(method);
    if (method === 'DELETE') return remove(request);
    if (method === 'POST') {
      const text = Buffer.concat([...(body ?? [])]).toString();
      return text.includes('"initialize"') ? json(INITIALIZED, { 'mcp-session-id': 's' }) : json(called);
    }
    return json('{}');
  };
  const upstream = new Upstream({
    url: new URL('http://127.0.0.1:1/mcp'),
    strategy: 'http-only',
    fetch,
    log: LOG,
    peer: SILENT,
    memory: { peek: () => 'http' as TransportName, recall: async () => 'http', remember: async () => {} },
    connected: () => true,
    advise: async () => undefined,
  });
  await upstream.request(exchangeOf('initialize', '{"protocolVersion":"2025-11-25"}').exchange);
  const call = exchangeOf('tools/call', '{"name":"a"}');
  const outcomes: string[] = [];
  const over = upstream.request(call.exchange).then(
    (reply) => void outcomes.push(textOf(reply)),
    (error: Error) => void outcomes.push(error.message),
  );
  return { upstream, call, methods, outcomes, over, answer: () => answer(ANSWER) };
}

afterEach(() => void vi.useRealTimers());

const ended = (methods: readonly string[]): number => methods.filter((method) => method === 'DELETE').length;

it('ends a session at the server once', async () => {
  const { upstream, methods, over, outcomes, answer } = await opened();
  const closed = Promise.all([upstream.close(60_000), upstream.close(60_000)]);
  answer();
  await over;
  expect(outcomes).toEqual(['{"late":true}']);
  expect(ended(methods)).toBe(0);
  await closed;
  await upstream.close(60_000);
  expect(ended(methods)).toBe(1);
});

it('answers a call that its client has given up once, whatever the server answers later', async () => {
  const { upstream, call, over, outcomes, answer } = await opened();
  const closed = upstream.close(60_000);
  call.cancel(new Error('cut'));
  await closed;
  answer();
  await over;
  expect(outcomes).toEqual(['cut']);
});

it('says nothing to the server when there is no time for it', async () => {
  const { upstream, methods, over, answer } = await opened();
  await upstream.close(0);
  answer();
  await over;
  await upstream.close(60_000);
  expect(ended(methods)).toBe(0);
});

it('gives the server all the time that calls have left to end the session', async () => {
  vi.useFakeTimers();
  let abortedAt: number | undefined;
  const { upstream, over, answer } = await opened({
    remove: ({ signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          abortedAt = performance.now();
          reject(signal?.reason);
        });
      }),
  });
  answer();
  await over;
  const began = performance.now();
  const closed = upstream.close(1_500);
  await vi.advanceTimersByTimeAsync(1_499);
  expect(abortedAt).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  await closed;
  expect((abortedAt ?? 0) - began).toBe(1_500);
});

// A stream that a server does not offer, half an hour later: the clock of the program is moved. In stdio mode and for the
// clients of HTTP mode, each of which has a session of its own: the GET stream, and what servers of 2026-07-28 have
// instead of it.
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { MODERN } from '../../peers/rpc.ts';

afterEach(closeServings);
afterEach(closeProxies);
afterEach(closeHostiles);

const CLOCK = fileURLToPath(new URL('../../peers/local/movable-clock.cjs', import.meta.url));
const CALL = { name: 'echo', arguments: {} };
const STEP = 20_000;
const A_MINUTE = 60_000 / STEP;
const MINUTES = 30;

interface Front {
  readonly proxy: ProxyProcess;
  readonly sessions: number;
  /** One call in each session. */
  call(): Promise<unknown>;
}

/** The pause after a failure, which is the shortest one, follows the moved clock too. */
const LONG = 500;
const options = { nodeArgs: ['--require', CLOCK], env: { CLOCK_STEP: String(STEP), CLOCK_LONG: String(LONG) } };

const FRONTS: [string, (url: string) => Promise<Front>][] = [
  [
    'stdio',
    async (url) => {
      const proxy = startProxy(url, [], options);
      await proxy.rpc.initialize('2025-11-25');
      return { proxy, sessions: 1, call: () => proxy.rpc.request('tools/call', CALL) };
    },
  ],
  [
    'HTTP mode',
    async (url) => {
      const serving = await startServing(url, [], options);
      const sse = new SseClient(`${serving.url}/sse`);
      await sse.open();
      const clients = [new StreamableClient(`${serving.url}/mcp`), new StreamableClient(`${serving.url}/mcp`), sse];
      for (const client of clients) await client.initialize('2025-11-25');
      const call = (): Promise<unknown> => Promise.all(clients.map((client) => client.request('tools/call', CALL)));
      return { proxy: serving.proxy, sessions: clients.length, call };
    },
  ],
];

/** Lets half an hour pass, with calls in between; returns how much each of the counts has grown in each minute. */
async function byMinute({ proxy, call }: Front, counts: () => number[]): Promise<number[][]> {
  const minutes: number[][] = [];
  let before = counts().map(() => 0);
  for (let step = 1; step <= MINUTES * A_MINUTE; step++) {
    await call();
    proxy.kill('SIGUSR1');
    await proxy.stderrMatching(new RegExp(`^clock ${step * STEP}$`, 'm'));
    if (step % A_MINUTE !== 0) continue;
    const now = counts();
    minutes.push(now.map((count, at) => count - (before[at] ?? 0)));
    before = now;
  }
  await call();
  return before.map((_, at) => minutes.map((minute) => minute[at] ?? 0));
}

/** GETs of each session in each minute. */
async function getsByMinute(start: (typeof FRONTS)[number][1], answer: Answer): Promise<number[][]> {
  const server = await startHostile();
  server.on('GET', answer);
  const front = await start(server.url);
  const { sessions } = front;
  await server.seen('GET', sessions);
  const names = [...new Set(server.all('GET').map(({ session }) => session))];
  expect(names).toHaveLength(sessions);
  const counts = (): number[] =>
    names.map((name) => server.all('GET').filter(({ session }) => session === name).length);
  const minutes = await byMinute(front, counts);
  expect(server.all('initialize')).toHaveLength(sessions);
  return minutes;
}

/** Streams that were asked for at a server of 2026-07-28, on behalf of all clients, in each minute. */
async function subscriptionsByMinute(start: (typeof FRONTS)[number][1], answer: Answer): Promise<[number[], Front]> {
  const server = await startHostile();
  server.on('initialize', a.rpcError(-32022, 'Unsupported protocol version', 400));
  const capabilities = { tools: { listChanged: true } };
  server.on('server/discover', a.reply({ supportedVersions: [MODERN], capabilities, ttlMs: 0, cacheScope: 'private' }));
  server.on('subscriptions/listen', answer);
  const front = await start(server.url);
  await server.seen('subscriptions/listen', front.sessions);
  const [minutes = []] = await byMinute(front, () => [server.all('subscriptions/listen').length]);
  return [minutes, front];
}

function expectFewer(minutes: readonly number[], clients: number): void {
  for (const count of minutes) expect(count).toBeLessThanOrEqual(3 * clients);
  const third = MINUTES / 3;
  const [first = 0, second, last] = [0, 1, 2].map((at) => sum(minutes.slice(at * third, (at + 1) * third)));
  expect(second).toBeLessThanOrEqual(first);
  expect(last).toBeLessThanOrEqual(first);
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);

describe.each(FRONTS)('in %s', (_, front) => {
  it.each([400, 401, 403, 404, 405, 406, 409, 410, 415, 418, 422, 451])(
    'a GET that is refused with %i is the last one of its session',
    async (status) => {
      // A user who gives credentials is not asked to sign in when the server refuses them.
      const sessions = await getsByMinute(front, a.status(status, 'no stream here'));
      for (const minutes of sessions) expect(minutes).toEqual([1, ...Array(MINUTES - 1).fill(0)]);
    },
  );

  it.each<[string, Answer]>([
    ['JSON', a.json('{"ok":true}')],
    ['HTML', a.status(200, '<html></html>', { 'content-type': 'text/html' })],
    ['202', a.status(202)],
    ['204', a.status(204)],
    ['a stream that ends at once', a.sse('')],
    ['a stream of comments that ends at once', a.sse(': hello\n\n')],
  ])('%s instead of a stream leads to three GETs a minute at most, and to ever fewer', async (_what, answer) => {
    for (const minutes of await getsByMinute(front, answer)) {
      expectFewer(minutes, 1);
      // It is asked again, because the stream may be there by then.
      expect(sum(minutes)).toBeGreaterThan(1);
      expect(sum(minutes)).toBeLessThanOrEqual(12);
    }
  });

  it.each<[string, Answer]>([
    ['404 and -32601', a.rpcError(-32601, 'Method not found', 404)],
    ['200 and -32601', a.rpcError(-32601, 'Method not found')],
    ['400 and -32602', a.rpcError(-32602, 'Invalid params', 400)],
  ])('a subscription of 2026-07-28 that is refused with %s is the last one of its client', async (_what, answer) => {
    const [minutes, { sessions }] = await subscriptionsByMinute(front, answer);
    expect(minutes).toEqual([sessions, ...Array(MINUTES - 1).fill(0)]);
  });

  it.each<[string, Answer]>([
    ['404 and HTML', a.status(404, '<html></html>', { 'content-type': 'text/html' })],
    ['405', a.status(405)],
    ['JSON', a.json('{"ok":true}')],
    ['202', a.status(202)],
    ['a stream that ends at once', a.sse('')],
  ])('%s instead of a subscription leads to ever fewer', async (_what, answer) => {
    const [minutes, { sessions }] = await subscriptionsByMinute(front, answer);
    expectFewer(minutes, sessions);
  });
});

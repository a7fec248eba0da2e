// A gateway that cuts every idle stream after half a minute, for ten minutes: the clock of the program is moved.
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ERAS, MODERN_ERA } from '../../peers/hostile-eras.ts';
import { startHostileSse } from '../../peers/hostile-sse.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import { MODERN } from '../../peers/rpc.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const STEP = 30_000;
const CUTS = 20;
/** The proxy waits a second before it opens the next stream of HTTP+SSE. */
const SSE_CUTS = 5;
const SUBSCRIPTION_CUTS = 5;
const CLOCK = fileURLToPath(new URL('../../peers/local/movable-clock.cjs', import.meta.url));
const CALL = { name: 'echo', arguments: {} };

/** What a server of 2026-07-28 answers to an `initialize`. */
const ONLY_MODERN =
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"unsupported","data":{"supported":["2026-07-28"]}}}';

const note = (n: number): string => `{"jsonrpc":"2.0","method":"notifications/message","params":{"n":${n}}}`;

it('loses no call and no notification, and asks once for each cut', async () => {
  const server = await startHostile();
  /** Ends the open stream. */
  let cut = (): void => {};
  let told = 0;
  /** What the server has to say by then; what the client has seen is said by the event id. */
  let known = 0;
  server.on(
    'GET',
    a.openSse((res, { headers }) => {
      const seen = Number(headers['last-event-id'] ?? 0);
      res.write(`retry: 250\n\n`);
      for (let n = seen + 1; n <= known; n++) res.write(a.event(note(n), String(n)));
      told = Math.max(told, known);
      cut = () => void res.req.socket.destroy();
    }),
  );
  const proxy = startProxy(server.url, [], {
    nodeArgs: ['--require', CLOCK],
    env: { CLOCK_STEP: String(STEP) },
  });
  await proxy.rpc.initialize();
  await server.seen('GET');
  for (let n = 1; n <= CUTS; n++) {
    proxy.kill('SIGUSR1');
    await proxy.stderrMatching(new RegExp(`^clock ${n * STEP}$`, 'm'));
    // It happens while no stream is open.
    cut();
    known = n;
    await proxy.rpc.request('tools/call', CALL);
    expect((await proxy.rpc.next('notifications/message')).message.params).toEqual({ n });
    expect(server.all('GET')).toHaveLength(n + 1);
  }
  expect(told).toBe(CUTS);
  expect(server.all('initialize')).toHaveLength(1);
  expect(server.executions).toBe(CUTS);
  expect((await proxy.close()).code).toBe(0);
});

it('over HTTP+SSE, where a cut ends the session, loses no call, and opens one session for each cut', async () => {
  const server = await startHostileSse();
  const proxy = startProxy(server.url, ['--transport', 'sse-only'], {
    nodeArgs: ['--require', CLOCK],
    env: { CLOCK_STEP: String(STEP) },
  });
  await proxy.rpc.initialize('2024-11-05');
  await proxy.rpc.request('resources/subscribe', { uri: 'a:1' });
  for (let n = 1; n <= SSE_CUTS; n++) {
    proxy.kill('SIGUSR1');
    await proxy.stderrMatching(new RegExp(`^clock ${n * STEP}$`, 'm'));
    server.streams.at(-1)?.cut();
    await server.posted('resources/subscribe', n + 1);
    await proxy.rpc.request('tools/call', CALL);
    expect((await proxy.rpc.next('notifications/resources/updated')).message.params).toEqual({ uri: 'a:1' });
    expect(server.streams).toHaveLength(n + 1);
  }
  expect(server.posts.filter(({ message }) => message.method === 'tools/call')).toHaveLength(SSE_CUTS);
  expect((await proxy.close()).code).toBe(0);
});

it.each(ERAS)(
  'in front of 2026-07-28, a $name client loses no change, and each cut costs one subscription',
  async (era) => {
    const server = await startHostile();
    const capabilities = { tools: { listChanged: true } };
    server.on(
      'server/discover',
      a.reply({ supportedVersions: [MODERN], capabilities, ttlMs: 0, cacheScope: 'private' }),
    );
    server.on('initialize', a.status(400, ONLY_MODERN, { 'content-type': 'application/json' }));
    /** Ends the open stream. */
    let cut = (): void => {};
    server.on(
      'subscriptions/listen',
      a.openSse((res, { id }) => {
        const own = { _meta: { 'io.modelcontextprotocol/subscriptionId': Number(id) } };
        const params = { ...own, notifications: { toolsListChanged: true } };
        const method = 'notifications/subscriptions/acknowledged';
        res.write(a.event(JSON.stringify({ jsonrpc: '2.0', method, params })));
        cut = () => void res.req.socket.destroy();
      }),
    );
    const proxy = startProxy(server.url, [], {
      nodeArgs: ['--require', CLOCK],
      env: { CLOCK_STEP: String(STEP) },
    });
    await era.open(proxy);
    if (era === MODERN_ERA) {
      proxy.rpc.raw(era.line('own', 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
      await proxy.rpc.next('notifications/subscriptions/acknowledged');
    }
    await server.seen('subscriptions/listen');
    await era.ask(proxy, 'tools/list');
    for (let n = 1; n <= SUBSCRIPTION_CUTS; n++) {
      proxy.kill('SIGUSR1');
      await proxy.stderrMatching(new RegExp(`^clock ${n * STEP}$`, 'm'));
      cut();
      expect((await era.ask(proxy, 'tools/call', CALL)).message.result).toBeDefined();
      // Whatever has changed while no stream was open, the client looks again.
      await proxy.rpc.next('notifications/tools/list_changed');
      expect(server.all('subscriptions/listen')).toHaveLength(n + 1);
    }
    expect(server.executions).toBe(SUBSCRIPTION_CUTS);
    expect((await proxy.close()).code).toBe(0);
  },
);

// How the program ends while the server works, and what becomes of the answers. The tests run side by side, because
// most of their time is waiting.
import { afterAll, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { DRAINED, exitAfter, SOON } from '../../peers/hostile-endings.ts';
import { ERAS, LEGACY, MODERN_ERA } from '../../peers/hostile-eras.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

afterAll(closeProxies);
afterAll(closeHostiles);

const CALL = { name: 'echo', arguments: {} };

describe.concurrent.each(ERAS)('$name, with requests in flight', (era) => {
  it("the end of stdin lets the server's answers through first", async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    server.on('tools/call', (res, seen) => {
      setTimeout(() => a.reply({ content: [], n: seen.message.params.arguments.n })(res, seen), 1_000);
    });
    const calls = Array.from({ length: 8 }, (_, n) => era.ask(proxy, 'tools/call', { name: 'slow', arguments: { n } }));
    await server.seen('tools/call', calls.length);
    const { code, ms } = await exitAfter(proxy, () => void proxy.stdin.end());
    expect(code).toBe(0);
    expect(ms).toBeLessThan(DRAINED);
    const results = (await Promise.all(calls)).map(({ message }) => message.result?.n);
    expect(results).toEqual(calls.map((_, n) => n));
  });

  it('the end of stdin gives an endless call its error, and the others their answers', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    server.once('tools/call', a.never);
    const endless = era.ask(proxy, 'tools/call', CALL);
    await server.seen('tools/call');
    const other = era.ask(proxy, 'tools/call', CALL);
    await server.seen('tools/call', 2);
    const { code, ms } = await exitAfter(proxy, () => void proxy.stdin.end());
    expect(code).toBe(0);
    expect(ms).toBeLessThan(DRAINED);
    expect((await endless).message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    expect((await other).message.result).toBeDefined();
    expect(server.all('DELETE')).toHaveLength(era === LEGACY ? 1 : 0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('%s gives each call an error, and ends the program', async (signal) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    server.on('tools/call', a.never);
    const calls = Array.from({ length: 3 }, () => era.ask(proxy, 'tools/call', CALL));
    await server.seen('tools/call', 3);
    const { code, ms } = await exitAfter(proxy, () => proxy.kill(signal));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    for (const call of calls) expect((await call).message.error).toMatchObject({ code: -31003 });
    expect(server.all('DELETE')).toHaveLength(era === LEGACY ? 1 : 0);
  });

  it('a signal shortens the wait that the end of stdin began', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    server.on('tools/call', a.never);
    const call = era.ask(proxy, 'tools/call', CALL);
    await server.seen('tools/call');
    // The program looks at an unfinished line only at the end of its input: the line on stderr proves that it has seen
    // the end.
    proxy.stdin.end('noise');
    await proxy.stderrMatching(/no JSON-RPC/);
    const { ms } = await exitAfter(proxy, () => proxy.kill('SIGTERM'));
    expect(ms).toBeLessThan(SOON);
    expect((await call).message.error).toMatchObject({ code: -31003 });
  });

  it('a second signal ends the program at once, without telling the server', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    server.on('tools/call', a.never);
    server.on('DELETE', a.never);
    proxy.rpc.raw(era.line('endless', 'tools/call', CALL));
    await server.seen('tools/call');
    const { ms } = await exitAfter(proxy, () => {
      proxy.kill('SIGTERM');
      proxy.kill('SIGINT');
    });
    expect(ms).toBeLessThan(SOON);
    expect(server.all('DELETE')).toHaveLength(0);
    expect(proxy.lines).toHaveLength(1);
  });
});

describe.concurrent.each(ERAS)('$name, everything written at once and stdin closed', (era) => {
  const opening =
    era === LEGACY
      ? [
          LEGACY.line(0, 'initialize', {
            protocolVersion: '2025-06-18',
            capabilities: {},
            clientInfo: { name: 'c', version: '1' },
          }),
          '{"jsonrpc":"2.0","method":"notifications/initialized"}',
        ]
      : [era.line(0, 'server/discover')];

  it.each([
    ['at once', 0, ''],
    ['late', 1_500, '\n'],
  ])(
    'a server that answers %s has all its answers delivered, and the program exits with 0',
    async (_, delay, lastByte) => {
      const server = await startHostile();
      server.on('tools/call', (res, seen) => {
        setTimeout(() => a.reply({ content: [], n: seen.message.params.arguments.n })(res, seen), delay);
      });
      const proxy = startProxy(server.url);
      const ids = [1, 2, 3, 4, 5, 6];
      const lines = [...opening, ...ids.map((id) => era.line(id, 'tools/call', { name: 'x', arguments: { n: id } }))];
      const answers = [0, ...ids].map((id) => proxy.rpc.response(id));
      proxy.stdin.end(lines.join('\n') + lastByte);
      expect(await proxy.exit()).toEqual({ code: 0, signal: null });
      const [opened, ...results] = await Promise.all(answers);
      expect(opened?.message.result).toBeDefined();
      expect(results.map(({ message }) => message.result?.n)).toEqual(ids);
      expect(proxy.lines).toHaveLength(1 + ids.length);
      expect(server.executions).toBe(ids.length);
    },
  );
});

it.concurrent.each<[string, (proxy: ProxyProcess) => void]>([
  ['the end of stdin', (proxy) => void proxy.stdin.end()],
  ['a signal', (proxy) => proxy.kill('SIGTERM')],
])('%s ends an open subscription at once, with its result', async (_, leave) => {
  const server = await startHostile();
  server.on(
    'subscriptions/listen',
    a.openSse((res, seen) => {
      const params = `{"_meta":{"io.modelcontextprotocol/subscriptionId":${seen.id}},"notifications":{"toolsListChanged":true}}`;
      res.write(a.event(`{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":${params}}`));
    }),
  );
  const proxy = startProxy(server.url);
  await MODERN_ERA.open(proxy);
  const answer = proxy.rpc.response('listening');
  proxy.rpc.raw(MODERN_ERA.line('listening', 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
  await proxy.rpc.next('notifications/subscriptions/acknowledged');
  const listening = await server.seen('subscriptions/listen');
  const { code, ms } = await exitAfter(proxy, () => leave(proxy));
  expect(code).toBe(0);
  expect(ms).toBeLessThan(SOON);
  expect((await answer).message.result).toEqual({
    resultType: 'complete',
    _meta: { 'io.modelcontextprotocol/subscriptionId': 'listening' },
  });
  await listening.closed;
  expect(server.all('subscriptions/listen')).toHaveLength(1);
});

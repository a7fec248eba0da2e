// How the program ends while nothing is in flight, and what the server sees: one initialize, one GET and one DELETE,
// however it ends. The tests run side by side, because most of their time is waiting.

import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ENDINGS, exitAfter, lasting, SOON } from '../../peers/hostile-endings.ts';
import { LEGACY, MODERN_ERA } from '../../peers/hostile-eras.ts';
import { startUnderParent } from '../../peers/parent.ts';
import { closeProxies, type ProxyProcess, privateHome, startProxy } from '../../peers/proxy.ts';

afterAll(closeProxies);
afterAll(closeHostiles);

const CALL = { name: 'echo', arguments: {} };

/** A session with its GET stream open, and nothing in flight. */
async function idleSession(): Promise<{ server: Hostile; proxy: ProxyProcess }> {
  const server = await startHostile();
  server.on(
    'GET',
    a.openSse(() => {}),
  );
  const proxy = startProxy(server.url);
  await LEGACY.open(proxy);
  await LEGACY.ask(proxy, 'tools/call', CALL);
  await server.seen('GET');
  return { server, proxy };
}

describe.concurrent('one client is one initialize, one GET and one DELETE', () => {
  function expectOneOfEach(server: Hostile): void {
    expect(server.all('initialize')).toHaveLength(1);
    expect(server.all('GET').map(({ session }) => session)).toEqual(['session-1']);
    expect(server.all('DELETE').map(({ session }) => session)).toEqual(['session-1']);
  }

  it.each(ENDINGS)('with %s', async (_, end) => {
    const { server, proxy } = await idleSession();
    const { code, ms } = await exitAfter(proxy, () => end(proxy));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expectOneOfEach(server);
    expect(proxy.stderr.split('\n').filter(Boolean).length).toBeLessThanOrEqual(3);
  });

  it('with stdout closed, seen at the next answer', async () => {
    const { server, proxy } = await idleSession();
    proxy.child.stdout?.destroy();
    const { code, ms } = await exitAfter(proxy, () => proxy.rpc.raw(LEGACY.line(7, 'tools/list')));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expectOneOfEach(server);
  });

  it('with stdout closed, seen at a message of the server', async () => {
    const server = await startHostile();
    let push = (): void => {};
    server.on(
      'GET',
      a.openSse((res) => {
        push = () => void res.write(a.event('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'));
      }),
    );
    const proxy = startProxy(server.url);
    await LEGACY.open(proxy);
    await server.seen('GET');
    proxy.child.stdout?.destroy();
    const { code, ms } = await exitAfter(proxy, push);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expectOneOfEach(server);
  });

  it('even with a server that never answers the DELETE', async () => {
    const { server, proxy } = await idleSession();
    server.on('DELETE', a.never);
    const { code, ms } = await exitAfter(proxy, () => void proxy.stdin.end());
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expectOneOfEach(server);
  });
});

it.concurrent.each(ENDINGS)(
  'an idle modern connection ends with %s, and asks nothing more of the server',
  async (_, end) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await MODERN_ERA.open(proxy);
    await MODERN_ERA.ask(proxy, 'tools/call', CALL);
    const { code, ms } = await exitAfter(proxy, () => end(proxy));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expect(server.requests.map(({ kind }) => kind)).toEqual(['server/discover', 'tools/call']);
  },
);

it.concurrent.each(ENDINGS)('%s ends the program before the first message', async (_, end) => {
  const server = await startHostile();
  const proxy = startProxy(server.url, ['--log-level', 'debug']);
  // A line that is skipped proves that the program listens.
  proxy.rpc.raw('hello?');
  await proxy.stderrMatching(/no JSON-RPC/);
  const { code, ms } = await exitAfter(proxy, () => end(proxy));
  expect(code).toBe(0);
  expect(ms).toBeLessThan(SOON);
  expect(server.requests).toEqual([]);
});

it.concurrent('the death of the parent ends it, even while another process holds its stdin open', async () => {
  const server = await startHostile();
  server.on(
    'GET',
    a.openSse(() => {}),
  );
  const home = privateHome();
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  const lines = [LEGACY.line(0, 'initialize', params), '{"jsonrpc":"2.0","method":"notifications/initialized"}'];
  const parent = await startUnderParent(server.url, { lines, home });
  try {
    await server.seen('GET');
    const ms = await lasting(() => parent.kill());
    expect(ms).toBeLessThan(SOON);
    expect(server.all('DELETE')).toHaveLength(1);
  } finally {
    await parent.close();
    rmSync(home, { recursive: true, force: true });
  }
});

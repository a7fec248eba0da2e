// A laptop that sleeps: the program stands still, and meanwhile its server has gone and come back without its sessions.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { MODERN_ERA } from '../../peers/hostile-eras.ts';
import { startHostileSse } from '../../peers/hostile-sse.ts';
import { until } from '../../peers/local/scripted.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CALL = { name: 'echo', arguments: {} };

async function connected(): Promise<{ server: Hostile; proxy: ProxyProcess }> {
  const server = await startHostile();
  server.on(
    'GET',
    a.openSse(() => {}),
  );
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize();
  await server.seen('GET');
  await proxy.rpc.request('tools/call', CALL);
  return { server, proxy };
}

/** Stops the program as the system does when the machine sleeps; resolves when it stands still. */
async function sleep({ pid, kill }: ProxyProcess): Promise<void> {
  kill('SIGSTOP');
  await until(() => /^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')), 'the program to stand still');
}

describe.runIf(process.platform === 'linux')('a program that has slept', () => {
  it('answers the first call, although its connections and its session are gone', async () => {
    const { server, proxy } = await connected();
    await sleep(proxy);
    for (const { cut } of server.requests) cut();
    server.forgetSessions();
    proxy.kill('SIGCONT');
    // A connection that was cut during the sleep is known to be gone before anything is sent on it.
    await proxy.rpc.request('tools/list');
    expect(await proxy.rpc.request('tools/call', CALL)).toMatchObject({ content: [{ type: 'text' }] });
    expect(server.executions).toBe(2);
    expect(server.all('initialize')).toHaveLength(2);
  });

  it('answers the first call over HTTP+SSE, whose stream and session are gone', async () => {
    const server = await startHostileSse();
    const proxy = startProxy(server.url, ['--transport', 'sse-only']);
    await proxy.rpc.initialize('2024-11-05');
    await proxy.rpc.request('tools/call', CALL);
    await sleep(proxy);
    server.streams[0]?.cut();
    proxy.kill('SIGCONT');
    await proxy.rpc.request('tools/list');
    expect(await proxy.rpc.request('tools/call', CALL)).toMatchObject({ content: [{ type: 'text' }] });
    expect(server.posts.filter(({ message }) => message.method === 'tools/call')).toHaveLength(2);
    expect(server.streams).toHaveLength(2);
  });

  it('answers the first call of 2026-07-28, and its subscription goes on', async () => {
    const server = await startHostile();
    const changed = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{';
    server.on(
      'subscriptions/listen',
      a.openSse((res, { id }) => {
        const own = `"io.modelcontextprotocol/subscriptionId":${id}`;
        const accepted = '"notifications":{"toolsListChanged":true}';
        const method = 'notifications/subscriptions/acknowledged';
        res.write(a.event(`{"jsonrpc":"2.0","method":"${method}","params":{"_meta":{${own}},${accepted}}}`));
        if (server.all('subscriptions/listen').length > 1) res.write(a.event(`${changed}${own}}}}`));
      }),
    );
    const proxy = startProxy(server.url);
    await MODERN_ERA.open(proxy);
    proxy.rpc.raw(MODERN_ERA.line('own', 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
    await proxy.rpc.next('notifications/subscriptions/acknowledged');
    await sleep(proxy);
    for (const { cut } of server.requests) cut();
    proxy.kill('SIGCONT');
    expect((await MODERN_ERA.ask(proxy, 'tools/list')).message.result).toBeDefined();
    expect((await MODERN_ERA.ask(proxy, 'tools/call', CALL)).message.result).toBeDefined();
    const { message } = await proxy.rpc.next('notifications/tools/list_changed');
    expect(message.params._meta['io.modelcontextprotocol/subscriptionId']).toBe('own');
    expect(server.executions).toBe(1);
  });

  it('answers what came during its sleep', async () => {
    const { server, proxy } = await connected();
    await sleep(proxy);
    const answer = proxy.rpc.request('tools/list');
    for (const { cut } of server.requests) cut();
    proxy.kill('SIGCONT');
    expect(await answer).toMatchObject({ tools: [{ name: 'echo' }] });
  });
});

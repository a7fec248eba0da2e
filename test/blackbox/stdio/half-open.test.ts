// Streams that stay open for long, and whose other end is gone without a sign of it: after a sleep of the machine, which
// the clock of the program shows, or because a router has forgotten the connection.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { type HostileSse, regularAnswer, regularPost, startHostileSse } from '../../peers/hostile-sse.ts';
import { closeProxies, type ProxyOptions, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CLOCK = fileURLToPath(new URL('../../peers/local/movable-clock.cjs', import.meta.url));
const TEN_MINUTES = 600_000;
const SLEEPER: ProxyOptions = {
  nodeArgs: ['--require', CLOCK],
  env: { CLOCK_STEP: String(TEN_MINUTES), CLOCK_SLEEPS: 'yes' },
};
const CALL = { name: 'echo', arguments: { a: 1 } };
const ECHOED = { content: [{ type: 'text', text: '{"a":1}' }] };
const note = (n: number): string => `{"jsonrpc":"2.0","method":"notifications/message","params":{"n":${n}}}`;

/** Lets the program find that the machine has slept, for ten minutes. */
async function wake(proxy: ProxyProcess, times = 1): Promise<void> {
  proxy.kill('SIGUSR1');
  await proxy.stderrMatching(new RegExp(`^clock ${times * TEN_MINUTES}$`, 'm'));
}

/** Whether the system checks the connections that the program has to this URL and that serve one request each. */
function checked(url: string): boolean[] {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const open = rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , to, state]) => to?.endsWith(`:${port}`) && state === '01');
  // The timer of a connection that is idle: 2 is the one of keep-alive.
  return open.map(([, , , , , timer = '']) => timer.startsWith('02:'));
}

describe('after a sleep, the GET stream', () => {
  async function listening(): Promise<{ server: Hostile; proxy: ProxyProcess }> {
    const server = await startHostile();
    server.on(
      'GET',
      a.openSse((res) => {
        const n = server.all('GET').length;
        res.write(a.event(note(n), `e-${n}`));
      }),
    );
    const proxy = startProxy(server.url, [], SLEEPER);
    await proxy.rpc.initialize();
    expect((await proxy.rpc.next('notifications/message')).message.params).toEqual({ n: 1 });
    return { server, proxy };
  }

  it('is opened again where it broke off, each time', async () => {
    const { server, proxy } = await listening();
    for (const times of [1, 2, 3]) {
      await wake(proxy, times);
      expect((await proxy.rpc.next('notifications/message')).message.params).toEqual({ n: times + 1 });
    }
    expect(server.all('GET').map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'e-1', 'e-2', 'e-3']);
    expect(server.all('initialize')).toHaveLength(1);
    await proxy.rpc.request('tools/call', CALL);
  });

  it('is opened again as soon as the server takes the old one for closed', async () => {
    const { server, proxy } = await listening();
    server.once('GET', a.status(409, 'Only one SSE stream is allowed per session'));
    await wake(proxy);
    await proxy.rpc.next('notifications/message');
    expect(server.all('GET').map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'e-1', 'e-1']);
  });

  it('shows that the session is gone, and a new one is opened without a call', async () => {
    const { server, proxy } = await listening();
    server.forgetSessions();
    server.once('GET', a.status(404));
    await wake(proxy);
    await proxy.rpc.next('notifications/tools/list_changed');
    expect(server.all('initialize')).toHaveLength(2);
  });

  it('that the server does not offer is not asked for again', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url, [], SLEEPER);
    await proxy.rpc.initialize();
    await (await server.seen('GET')).closed;
    await proxy.rpc.request('tools/call', CALL);
    await wake(proxy);
    await proxy.rpc.request('tools/call', CALL);
    expect(server.all('GET')).toHaveLength(1);
  });
});

describe('after a sleep, HTTP+SSE', () => {
  async function connected(options = SLEEPER): Promise<{ server: HostileSse; proxy: ProxyProcess }> {
    const server = await startHostileSse();
    const proxy = startProxy(server.url, ['--transport', 'sse-only'], options);
    await proxy.rpc.initialize('2024-11-05');
    await server.posted('notifications/initialized');
    return { server, proxy };
  }

  const ran = (server: HostileSse, method: string): number =>
    server.posts.filter(({ message }) => message.method === method).length;

  it('has a new session if the old stream no longer carries anything, and every call one answer', async () => {
    const { server, proxy } = await connected();
    await proxy.rpc.request('resources/subscribe', { uri: 'a:1' });
    // The server takes everything, and what it says on the old stream arrives nowhere.
    server.post = (posted, stream, res) => {
      if (stream.number > 1) regularPost(posted, stream, res);
      else res.writeHead(202).end();
    };
    const [call, list] = [proxy.rpc.exchange('tools/call', CALL), proxy.rpc.request('tools/list')];
    await server.posted('tools/call');
    await server.posted('tools/list');
    await wake(proxy);
    const after = proxy.rpc.request('tools/call', CALL);
    await server.posted('ping');
    await wake(proxy, 2);
    const { message } = await call;
    expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    expect(message.error?.message).toContain('while the machine slept');
    expect(await list).toMatchObject({ tools: [{ name: 'echo' }] });
    expect(await after).toEqual(ECHOED);
    expect((await proxy.rpc.next('notifications/resources/updated')).message.params).toEqual({ uri: 'a:1' });
    expect(ran(server, 'tools/call')).toBe(2);
    expect(server.streams).toHaveLength(2);
  });

  it('sends a call that comes before any timer only when it can be answered', async () => {
    // The timer that looks at the clock is late.
    const { server, proxy } = await connected({ ...SLEEPER, env: { ...SLEEPER.env, CLOCK_LONG: '20000' } });
    server.post = (posted, stream, res) => {
      if (stream.number > 1) regularPost(posted, stream, res);
      else res.writeHead(202).end();
    };
    await wake(proxy);
    expect(await proxy.rpc.request('tools/call', CALL)).toEqual(ECHOED);
    expect(ran(server, 'tools/call')).toBe(1);
  });

  it('keeps its session, and what waits in it, if the stream still carries answers', async () => {
    const { server, proxy } = await connected();
    server.post = (posted, stream, res) => {
      if (posted.message.method === 'tools/call') res.writeHead(202).end();
      // The network is not quite back.
      else if (posted.message.method === 'ping' && ran(server, 'ping') === 1) res.destroy();
      else regularPost(posted, stream, res);
    };
    const call = proxy.rpc.request('tools/call', CALL);
    const { message } = await server.posted('tools/call');
    await wake(proxy);
    await server.posted('ping', 2);
    await proxy.rpc.request('tools/list');
    server.streams[0]?.send(a.resultText(JSON.stringify(message.id), ECHOED));
    expect(await call).toEqual(ECHOED);
    expect(server.streams).toHaveLength(1);
    expect([ran(server, 'ping'), ran(server, 'initialize')]).toEqual([2, 1]);
  });

  it('keeps its session while the server is too busy with a call to answer anything else soon', async () => {
    const env = { ...SLEEPER.env, CLOCK_STEP: `${TEN_MINUTES},10000`, CLOCK_LONG: '5000' };
    const { server, proxy } = await connected({ ...SLEEPER, env });
    const unread: (() => void)[] = [];
    server.post = (posted, stream, res) => {
      res.writeHead(202).end();
      const answer = regularAnswer(posted);
      if (answer !== undefined) unread.push(() => stream.send(answer));
    };
    const call = proxy.rpc.exchange('tools/call', CALL);
    await server.posted('tools/call');
    await wake(proxy);
    await server.posted('ping');
    proxy.kill('SIGUSR1');
    await proxy.stderrMatching(/^clock 610000$/m);
    for (const read of unread) read();
    expect((await call).message.result).toEqual(ECHOED);
    expect([server.streams.length, ran(server, 'tools/call')]).toEqual([1, 1]);
  });

  it.each([401, 403, 429, 503])('keeps its session if the server refuses the ping with %i', async (status) => {
    const { server, proxy } = await connected();
    server.post = (posted, stream, res) => {
      if (posted.message.method === 'tools/call') res.writeHead(202).end();
      else if (posted.message.method === 'ping') res.writeHead(status).end();
      else regularPost(posted, stream, res);
    };
    const call = proxy.rpc.exchange('tools/call', CALL);
    const { message } = await server.posted('tools/call');
    await wake(proxy);
    await server.posted('ping');
    // It waits until the stream is known to carry answers.
    await proxy.rpc.request('tools/list');
    server.streams[0]?.send(a.resultText(JSON.stringify(message.id), ECHOED));
    expect((await call).message.result).toEqual(ECHOED);
    expect(server.streams).toHaveLength(1);
  });
});

describe.runIf(process.platform === 'linux')('the system checks an open stream', () => {
  it('that stands alone', async () => {
    const server = await startHostile();
    server.on(
      'GET',
      a.openSse(() => {}),
    );
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize();
    await server.seen('GET');
    await proxy.rpc.request('tools/call', CALL);
    expect(new Set(checked(server.url))).toEqual(new Set([true]));
  });

  it('of HTTP+SSE', async () => {
    const server = await startHostileSse();
    const proxy = startProxy(server.url, ['--transport', 'sse-only']);
    await proxy.rpc.initialize('2024-11-05');
    await proxy.rpc.request('tools/call', CALL);
    expect(new Set(checked(server.url))).toEqual(new Set([true]));
  });
});

// How the program begins to listen, and how it ends.
import { describe, expect, it } from 'vitest';
import { startHostile } from '../../../peers/hostile.ts';
import { DRAINED, exitAfter, SOON } from '../../../peers/hostile-endings.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { closeProxies, startProxy } from '../../../peers/proxy.ts';
import { answering, openStream } from '../event-stream.ts';
import { ask, initialize, request } from '../exchange.ts';
import { call, cleanUp, done, fixture, listening, progress } from '../fixture.ts';
import { hold } from '../held-answers.ts';
import { PING } from '../limited-proxy.ts';

cleanUp();

/** Resolves when the proxy takes no new call any more. */
async function noMoreCalls(url: string): Promise<void> {
  const refused = async (): Promise<boolean> => {
    const answered = await ask(url, { path: '/mcp', body: PING }).catch(() => undefined);
    return answered === undefined || answered.status === 503;
  };
  while (!(await refused()));
}

const statusOf = async (url: string, at: string): Promise<number> => (await ask(url, { path: at })).status;

describe('the start', () => {
  it.each(['debug', 'info', 'warn', 'error'])('says where it listens, once, with --log-level %s', async (level) => {
    const upstream = await startHostile();
    const { proxy, url } = await startServing(upstream.url, ['--log-level', level]);
    expect(proxy.stderr.match(/listening on http:\/\/\S+:\d+/g)).toHaveLength(1);
    expect((await ask(url, { path: '/healthz' })).status).toBe(200);
    expect(proxy.lines).toEqual([]);
  });

  it('with a port in use prints one line and exits with 1', async () => {
    const upstream = await startHostile();
    const first = await startServing(upstream.url);
    const second = startProxy(upstream.url, ['--listen', `127.0.0.1:${first.port}`]);
    try {
      expect(await second.exit()).toEqual({ code: 1, signal: null });
      const lines = second.stderr.trimEnd().split('\n');
      expect(lines.filter((line) => !line.startsWith('hint: '))).toHaveLength(1);
      expect(lines[0]).toContain(String(first.port));
      expect(second.stderr).not.toMatch(/listening on|EADDRINUSE.*\n\s+at /);
    } finally {
      await second.close();
    }
    expect((await ask(first.url, { path: '/healthz' })).status).toBe(200);
  });

  it('opens no session with the server before a client asks for one', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url);
    expect((await ask(url, { path: '/healthz' })).status).toBe(200);
    expect(upstream.all('initialize')).toEqual([]);
  });

  it('goes on when stdin ends', async () => {
    const upstream = await startHostile();
    const { proxy, url } = await startServing(upstream.url);
    proxy.stdin.end();
    expect((await ask(url, { path: '/mcp', body: initialize() })).status).toBe(200);
    expect((await ask(url, { path: '/healthz' })).status).toBe(200);
  });
});

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('refuses new requests, answers those in flight, ends streams and sessions, and exits with 0', async () => {
    const { upstream, serving, session, stream } = await listening();
    expect(await statusOf(serving.url, '/readyz')).toBe(200);
    const calls = hold(upstream, 'tools/call');
    const opening = session.stream(call('last'));
    const held = await calls.nth(1);
    held.send(progress(1));
    const answer = await opening;
    await answer.next();
    serving.proxy.kill(signal);
    await noMoreCalls(serving.url);
    // A load balancer that asks while calls are in flight chooses another one, and the process is not killed for it.
    expect(await statusOf(serving.url, '/readyz')).toBe(503);
    expect(await statusOf(serving.url, '/healthz')).toBe(200);
    held.finish(done(held.id));
    expect((await answer.next(answering('last'))).message.result).toBeDefined();
    expect(await answer.ended).toBe(true);
    expect(await stream.ended).toBe(true);
    expect(await serving.proxy.exit()).toEqual({ code: 0, signal: null });
    expect(upstream.all('DELETE').map((seen) => seen.session)).toEqual(['session-1']);
  });

  it('does not wait for an answer forever', async () => {
    const { upstream, serving, session } = await fixture();
    const calls = hold(upstream, 'tools/call');
    const answered = session.post(call('never')).then(
      ({ json }) => json.error?.code,
      () => undefined,
    );
    await calls.nth(1);
    const { code, ms } = await exitAfter(serving.proxy, () => serving.proxy.kill(signal));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(DRAINED);
    expect(await answered).toBe(-31003);
  });

  it('ends the proxy at once when it comes twice', async () => {
    const { upstream, serving, session } = await fixture();
    const calls = hold(upstream, 'tools/call');
    const answered = session.post(call('never')).catch(() => undefined);
    await calls.nth(1);
    serving.proxy.kill(signal);
    await noMoreCalls(serving.url);
    const { ms } = await exitAfter(serving.proxy, () => serving.proxy.kill(signal));
    expect(ms).toBeLessThan(SOON);
    await answered;
  });
});

it('ends the proxy at once while no request is in flight, even with clients connected', async () => {
  const { serving, stream, upstream } = await listening();
  const sse = await openStream(serving.url, { path: '/sse' });
  const { data: path } = await sse.next(({ event }) => event === 'endpoint');
  await ask(serving.url, { path, body: initialize('2024-11-05') });
  await sse.next(answering(0));
  const kept = await ask(serving.url, {
    path: '/mcp',
    headers: { connection: 'keep-alive' },
    body: request(1, 'ping'),
  });
  expect(kept.status).toBe(400);
  const { code, ms } = await exitAfter(serving.proxy, () => serving.proxy.kill('SIGTERM'));
  expect(code).toBe(0);
  expect(ms).toBeLessThan(SOON);
  expect(await stream.ended).toBe(true);
  expect(await sse.ended).toBe(true);
  expect(
    upstream
      .all('DELETE')
      .map(({ session }) => session)
      .sort(),
  ).toEqual(['session-1', 'session-2']);
});

it('is not delayed by a server that is gone', async () => {
  const { upstream, serving } = await fixture();
  await upstream.close();
  serving.proxy.kill('SIGTERM');
  expect((await serving.proxy.exit()).code).toBe(0);
  await closeProxies();
});

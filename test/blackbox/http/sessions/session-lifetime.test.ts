// How long sessions live, and how many there may be.
import { describe, expect, it } from 'vitest';
import { startHostile } from '../../../peers/hostile.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { answering, openStream } from '../event-stream.ts';
import { type Answered, ask, initialize, inSession, modern, openSession, request } from '../exchange.ts';
import { call, cleanUp, done, fixture, startSession } from '../fixture.ts';
import { hold } from '../held-answers.ts';

cleanUp();

const PING = request(1, 'ping');

describe('--session-idle', () => {
  it('closes unused sessions, at the server too, and keeps those with an open stream or call', async () => {
    const upstream = await startHostile();
    // Longer than these clients take from one request to the next, even on a busy machine.
    const { url } = await startServing(upstream.url, ['--session-idle', '5']);
    const listened = await startSession(url);
    const stream = await listened.listen();
    const calling = await startSession(url);
    const calls = hold(upstream, 'tools/call');
    const opening = calling.post(call('long'));
    const held = await calls.nth(1);
    // This session is younger than the others, but nobody uses it.
    const idle = await openSession(url);
    const ended = await upstream.seen('DELETE');
    expect(ended.session).toBe('session-3');
    expect((await ask(url, { path: '/mcp', headers: inSession(idle), body: PING })).status).toBe(404);
    expect((await listened.post(PING)).status).toBe(200);
    held.finish(done(held.id));
    expect((await opening).json).toMatchObject({ id: 'long', result: {} });
    // Once they are left alone, these sessions end too.
    stream.destroy();
    await upstream.seen('DELETE', 3);
    expect(
      upstream
        .all('DELETE')
        .map(({ session }) => session)
        .sort(),
    ).toEqual(['session-1', 'session-2', 'session-3']);
    for (const gone of [listened, calling]) expect((await gone.post(PING)).status).toBe(404);
  });

  it('closes at the server a session whose client never comes back', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url, ['--session-idle', '1']);
    const opened = await ask(url, { path: '/mcp', body: initialize() });
    expect(opened.status).toBe(200);
    await upstream.seen('DELETE');
    const headers = inSession(String(opened.headers['mcp-session-id']));
    expect((await ask(url, { path: '/mcp', headers, body: PING })).status).toBe(404);
  });
});

describe('--max-sessions', () => {
  it('refuses another session until one ends, and leaves modern clients alone', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url, ['--max-sessions', '2']);
    const [first = ''] = [await openSession(url), await openSession(url)];
    const opened = upstream.all('initialize').length;
    const refused = await ask(url, { path: '/mcp', body: initialize() });
    expect([refused.status, refused.json.error?.code]).toEqual([503, -31008]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.headers['mcp-session-id']).toBeUndefined();
    const stream = await openStream(url, { path: '/sse' });
    expect(stream.status).toBe(503);
    expect(stream.headers['retry-after']).toBeDefined();
    expect(upstream.all('initialize')).toHaveLength(opened);
    expect((await ask(url, { path: '/mcp', ...modern('tools/list') })).status).toBe(200);
    expect((await ask(url, { path: '/mcp', headers: inSession(first), body: PING })).status).toBe(200);

    expect((await ask(url, { path: '/mcp', method: 'DELETE', headers: inSession(first) })).status).toBe(204);
    await openSession(url);
  });

  it('does not count sessions that the server has refused', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url, ['--max-sessions', '1']);
    const refusing = (res: import('node:http').ServerResponse, seen: { id: string }): void => {
      const error = `{"jsonrpc":"2.0","id":${seen.id},"error":{"code":-32000,"message":"no"}}`;
      res.writeHead(200, { 'content-type': 'application/json' }).end(error);
    };
    for (let n = 0; n < 5; n++) upstream.once('initialize', refusing);
    for (let n = 0; n < 5; n++) {
      const refused = await ask(url, { path: '/mcp', body: initialize() });
      expect(refused.json.error?.code).toBe(-32000);
    }
    await openSession(url);
  });

  it('no longer counts a session of HTTP+SSE when its stream ends', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url, ['--max-sessions', '1']);
    const stream = await openStream(url, { path: '/sse' });
    const { data: path } = await stream.next(({ event }) => event === 'endpoint');
    await ask(url, { path, body: initialize('2024-11-05') });
    await stream.next();
    expect((await ask(url, { path: '/mcp', body: initialize() })).status).toBe(503);
    stream.destroy();
    await upstream.seen('DELETE');
    await openSession(url);
  });
});

it('calls beyond the limit of a session get 429 and -31008, and the others their answers', {
  timeout: 120_000,
}, async () => {
  const { upstream, serving, session } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const answers: Promise<Answered>[] = [];
  let refused: Answered | undefined;
  while (!refused && answers.length < 5_000) {
    const answer = session.post(call(`c-${answers.length}`));
    // The end of the test cuts most of them off.
    answer.catch(() => {});
    answers.push(answer);
    const arrived = calls.nth(answers.length).then(() => undefined);
    refused = await Promise.race([answer, arrived]);
    if (refused) arrived.catch(() => {});
  }
  expect([refused?.status, refused?.json.error?.code]).toEqual([429, -31008]);
  expect(answers.length).toBeGreaterThan(100);
  // Other sessions do not count, and one that was answered makes room for another.
  const other = await startSession(serving.url);
  expect((await other.post(PING)).status).toBe(200);
  const first = await calls.nth(1);
  first.finish(done(first.id));
  expect((await answers[0])?.json).toMatchObject({ id: 'c-0', result: {} });
  expect((await session.post(PING)).status).toBe(200);
  expect(upstream.executions).toBe(answers.length - 1);
});

it('calls beyond the limit of a session are refused over HTTP+SSE, too', { timeout: 120_000 }, async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url);
  const calls = hold(upstream, 'tools/call');
  const stream = await openStream(url, { path: '/sse' });
  const { data: path } = await stream.next(({ event }) => event === 'endpoint');
  await ask(url, { path, body: initialize('2024-11-05') });
  await stream.next();
  const before = stream.events.length;
  let refused: Answered | undefined;
  let sent = 0;
  for (; !refused && sent < 2_000; sent++) {
    const answered = await ask(url, { path, body: call(`c-${sent}`) });
    if (answered.status !== 202) refused = answered;
    // A message that is refused on the stream counts as refused, too.
    if (stream.events.length > before) break;
  }
  const onStream = stream.events.at(before)?.message.error?.code;
  expect(refused ? [refused.status, refused.json.error?.code] : [202, onStream]).toEqual([refused ? 429 : 202, -31008]);
  const first = await calls.nth(1);
  first.finish(done(first.id));
  expect((await stream.next(answering('c-0'))).message.result).toBeDefined();
});

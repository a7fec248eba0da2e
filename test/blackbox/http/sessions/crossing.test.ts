// What must never get from one client to another, or from a client to the server.
import { describe, expect, it } from 'vitest';
import { startHostile } from '../../../peers/hostile.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { ofMethod } from '../event-stream.ts';
import { ask, modern, notification } from '../exchange.ts';
import { call, cleanUp, done, fixture, log, progress, startSession } from '../fixture.ts';
import { hold } from '../held-answers.ts';
import { PING } from '../limited-proxy.ts';

cleanUp();

const ONLY_JSON = { accept: 'application/json' };
const QUESTION =
  '{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"?","requestedSchema":{"type":"object","properties":{}}}}';

it('a client of revision 2026-07-28 cannot cancel a call of another client by its id', async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url);
  // By now it is known which revision the server speaks.
  await ask(url, { path: '/mcp', ...modern('tools/list') });
  const calls = hold(upstream, 'tools/call');
  const answer = ask(url, { path: '/mcp', ...modern('tools/call', { name: 'long', arguments: {} }, 'of-a') });
  const held = await calls.nth(1);
  // Both the id that the server knows and the one that the client has given it.
  for (const requestId of [JSON.parse(held.id) as unknown, 'of-a']) {
    const method = 'notifications/cancelled';
    const { headers = {}, body } = modern(method, { requestId });
    const { params } = body as { params: object };
    const told = await ask(url, { path: '/mcp', headers, body: notification(method, params) });
    expect([told.status, told.text]).toEqual([202, '']);
  }
  expect((await ask(url, { path: '/mcp', ...modern('tools/list') })).status).toBe(200);
  held.finish(`{"jsonrpc":"2.0","id":${held.id},"result":{"resultType":"complete","content":[]}}`);
  expect((await answer).json).toMatchObject({ id: 'of-a', result: { content: [] } });
  expect(upstream.all('notifications/cancelled')).toEqual([]);
});

describe('a call whose answer must be JSON', () => {
  it('refuses questions of the server when the client cannot get them', async () => {
    const { upstream, session } = await fixture();
    const calls = hold(upstream, 'tools/call');
    const answer = session.post(call('asking'), ONLY_JSON);
    const held = await calls.nth(1);
    held.send(QUESTION);
    const { message } = await upstream.seen('response');
    expect([message.id, message.error?.code]).toEqual(['q', -32601]);
    held.finish(done(held.id));
    expect((await answer).json).toMatchObject({ id: 'asking', result: {} });
  });

  it("passes the server's questions on the stream of the session", async () => {
    const { upstream, session } = await fixture();
    const stream = await session.listen();
    const calls = hold(upstream, 'tools/call');
    const answer = session.post(call('asking'), ONLY_JSON);
    const held = await calls.nth(1);
    held.send(QUESTION);
    const { message } = await stream.next(ofMethod('elicitation/create'));
    await session.post({ jsonrpc: '2.0', id: message.id, result: { action: 'decline' } });
    expect((await upstream.seen('response')).message).toMatchObject({ id: 'q', result: { action: 'decline' } });
    held.finish(done(held.id));
    expect((await answer).json).toMatchObject({ id: 'asking', result: {} });
  });

  it('sends its notifications on no stream of another call', async () => {
    const { upstream, session } = await fixture();
    const calls = hold(upstream, 'tools/call');
    const opening = session.stream(call('streamed', { _meta: { progressToken: 'streamed' } }));
    const streamed = await calls.nth(1);
    streamed.send(progress(1, 'streamed'));
    const stream = await opening;
    const answer = session.post(call('json', { _meta: { progressToken: 'json' } }), ONLY_JSON);
    const held = await calls.nth(2);
    held.send(progress(1, 'json'));
    held.send(log(1));
    held.finish(done(held.id));
    expect((await answer).json).toMatchObject({ id: 'json', result: {} });
    streamed.finish(done(streamed.id));
    expect(await stream.ended).toBe(true);
    const said = stream.events.map(({ message }) => message.params?.progressToken ?? message.id);
    expect(said).toEqual(['streamed', 'streamed']);
  });
});

it('a call in a session that clients share makes no task, because no client could be told that it is theirs', async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url, ['--upstream-session', 'shared']);
  const session = await startSession(url);
  const answered = await session.post(call(1, { task: { ttl: 1000 } }));
  expect(answered.json.result).toBeDefined();
  const { params } = (await upstream.seen('tools/call')).message;
  expect(params).toMatchObject({ name: 'long' });
  expect(params).not.toHaveProperty('task');
});

it('a batch of more calls than a session may have is refused as a whole', async () => {
  const { upstream, session } = await fixture([], '2025-03-26');
  const batch = Array.from({ length: 1_001 }, (_, n) => call(n));
  const refused = await session.post(JSON.stringify(batch));
  expect([refused.status, refused.json.error?.code]).toEqual([429, -31008]);
  expect((await session.post(PING)).status).toBe(200);
  expect(upstream.executions).toBe(0);
});

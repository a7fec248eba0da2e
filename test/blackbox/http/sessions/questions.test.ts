// What the server asks the client, and whose answer counts.
import { expect, it } from 'vitest';
import { answering, ofMethod, openStream } from '../event-stream.ts';
import { ask, initialize, notification } from '../exchange.ts';
import { call, cleanUp, done, fixture, listening, startSession } from '../fixture.ts';
import { hold } from '../held-answers.ts';

cleanUp();

const question = (id: string, what: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"elicitation/create","params":{"message":"${what}","requestedSchema":{"type":"object","properties":{}}}}`;
const accept = (id: unknown, name: string): object => ({
  jsonrpc: '2.0',
  id,
  result: { action: 'accept', content: { name } },
});

it('two questions of one call can be answered in another order', async () => {
  const { session, upstream } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const opening = session.stream(call(1));
  const held = await calls.nth(1);
  held.send(question('"q"', 'first'));
  held.send(question('7', 'second'));
  const stream = await opening;
  const first = await stream.next();
  const second = await stream.next();
  expect([first.message.params.message, second.message.params.message]).toEqual(['first', 'second']);
  expect(first.message.id).not.toEqual(second.message.id);
  for (const [{ message }, name] of [
    [second, 'B'],
    [first, 'A'],
  ] as const)
    expect((await session.post(accept(message.id, name))).status).toBe(202);
  await upstream.seen('response', 2);
  const answers = upstream.all('response').map(({ message }) => [message.id, message.result.content.name]);
  expect(answers.sort()).toEqual(
    [
      ['q', 'A'],
      [7, 'B'],
    ].sort(),
  );
  held.finish(done(held.id));
  expect((await stream.next(answering(1))).message.result).toBeDefined();
});

it('questions of two calls under the same id reach the right clients', async () => {
  const { session, upstream } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const openings = [session.stream(call('a')), session.stream(call('b'))];
  const held = [await calls.nth(1), await calls.nth(2)];
  held.forEach(({ send }, n) => {
    send(question(`"same-${n}"`, `of ${n}`));
  });
  const streams = await Promise.all(openings);
  for (const stream of streams) {
    const { message } = await stream.next(ofMethod('elicitation/create'));
    await session.post(accept(message.id, message.params.message));
  }
  await upstream.seen('response', 2);
  const answers = upstream.all('response').map(({ message }) => [message.id, message.result.content.name]);
  expect(answers.sort()).toEqual([
    ['same-0', 'of 0'],
    ['same-1', 'of 1'],
  ]);
  for (const { id, finish } of held) finish(done(id));
});

it('a question that belongs to no call comes on the stream of the session', async () => {
  const { session, stream, theirs, upstream } = await listening();
  theirs.send('{"jsonrpc":"2.0","id":0,"method":"roots/list"}');
  const { message } = await stream.next();
  expect(message.method).toBe('roots/list');
  expect((await session.post({ jsonrpc: '2.0', id: message.id, result: { roots: [] } })).status).toBe(202);
  expect((await upstream.seen('response')).message).toMatchObject({ id: 0, result: { roots: [] } });
});

it('only the session that was asked can answer', async () => {
  const { serving, session, upstream } = await fixture();
  const other = await startSession(serving.url);
  const calls = hold(upstream, 'tools/call');
  const opening = session.stream(call(1));
  const held = await calls.nth(1);
  held.send(question('"q"', 'who?'));
  const stream = await opening;
  const { message } = await stream.next();
  const wrong = await other.post(accept(message.id, 'somebody else'));
  expect(wrong.status).toBeLessThan(500);
  expect((await other.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(200);
  expect(upstream.all('response')).toEqual([]);
  expect((await session.post(accept(message.id, 'the one'))).status).toBe(202);
  expect((await upstream.seen('response')).message).toMatchObject({
    id: 'q',
    result: { content: { name: 'the one' } },
  });
  expect(upstream.all('response')).toHaveLength(1);
  held.finish(done(held.id));
});

it('a second answer, and one to no question, are dropped', async () => {
  const { session, upstream } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const opening = session.stream(call(1));
  const held = await calls.nth(1);
  held.send(question('"q"', 'who?'));
  const stream = await opening;
  const { message } = await stream.next();
  for (const id of [message.id, message.id, 'never', 99, '__proto__'])
    expect((await session.post(accept(id, 'x'))).status).toBeLessThan(500);
  held.finish(done(held.id));
  await stream.next(answering(1));
  await session.post({ jsonrpc: '2.0', id: 2, method: 'ping' });
  expect(upstream.all('response')).toHaveLength(1);
});

it('an error of the client counts as an answer', async () => {
  const { session, upstream } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const opening = session.stream(call(1));
  const held = await calls.nth(1);
  held.send(question('"q"', 'who?'));
  const { message } = await (await opening).next();
  await session.post({ jsonrpc: '2.0', id: message.id, error: { code: -1, message: 'no' } });
  expect((await upstream.seen('response')).message).toMatchObject({ id: 'q', error: { code: -1, message: 'no' } });
  held.finish(done(held.id));
});

it('over HTTP+SSE, questions and progress come on the only stream', async () => {
  const { serving, upstream } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const stream = await openStream(serving.url, { path: '/sse' });
  const { data: path } = await stream.next(({ event }) => event === 'endpoint');
  const post = (body: object): Promise<unknown> => ask(serving.url, { path, body });
  await post(initialize('2024-11-05'));
  expect((await stream.next(answering(0))).event).toBe('message');
  await post(notification('notifications/initialized'));
  await post(call('over-sse'));
  const held = await calls.nth(1);
  held.send(question('5', 'who?'));
  const { message } = await stream.next(ofMethod('elicitation/create'));
  await post(accept(message.id, 'me'));
  expect((await upstream.seen('response')).message).toMatchObject({ id: 5, result: { content: { name: 'me' } } });
  held.finish(done(held.id));
  expect((await stream.next(answering('over-sse'))).message.result).toBeDefined();
});

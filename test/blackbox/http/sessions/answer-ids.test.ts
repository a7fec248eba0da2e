// A client of HTTP mode that answers a question under another id than that of the question.
import { describe, expect, it } from 'vitest';
import { answering, ofMethod, openStream } from '../event-stream.ts';
import { ask, initialize, notification } from '../exchange.ts';
import { call, cleanUp, done, type Fixture, fixture, listening } from '../fixture.ts';
import { hold } from '../held-answers.ts';

cleanUp();

const question = (id: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"elicitation/create","params":{"message":"who?","requestedSchema":{"type":"object","properties":{}}}}`;
const accept = (id: unknown): object => ({ jsonrpc: '2.0', id, result: { action: 'accept', content: {} } });

interface Asked {
  readonly upstream: Fixture['upstream'];
  /** The id of the question, as the client has it. */
  readonly id: unknown;
  post(body: object): Promise<unknown>;
}

/** A question that came with the response to a call. */
async function ofCall(): Promise<Asked> {
  const { session, upstream } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const opening = session.stream(call('c'));
  const held = await calls.nth(1);
  held.send(question('"q"'));
  const stream = await opening;
  const { message } = await stream.next();
  return { upstream, id: message.id, post: session.post };
}

/** One that came on the stream of the session. */
async function aside(): Promise<Asked> {
  const { session, stream, theirs, upstream } = await listening();
  theirs.send(question('"q"'));
  const { message } = await stream.next();
  return { upstream, id: message.id, post: session.post };
}

/** One over HTTP+SSE. */
async function overSse(): Promise<Asked> {
  const { serving, upstream } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const stream = await openStream(serving.url, { path: '/sse' });
  const { data: path } = await stream.next(({ event }) => event === 'endpoint');
  const post = (body: object): Promise<unknown> => ask(serving.url, { path, body });
  await post(initialize('2024-11-05'));
  await stream.next(answering(0));
  await post(notification('notifications/initialized'));
  await post(call('over-sse'));
  (await calls.nth(1)).send(question('"q"'));
  const { message } = await stream.next(ofMethod('elicitation/create'));
  return { upstream, id: message.id, post };
}

describe.each([
  ['a question that came with a call', ofCall],
  ['a question on the stream of the session', aside],
  ['a question over HTTP+SSE', overSse],
])('%s', (_, asked) => {
  it('accepts an answer under its number as a string', async () => {
    const { upstream, id, post } = await asked();
    await post(accept(String(id)));
    expect((await upstream.seen('response')).message).toMatchObject({ id: 'q', result: { action: 'accept' } });
  });

  it.each(['x', null, 987_654])('ends with an error when its answer comes under %s', async (stray) => {
    const { upstream, post } = await asked();
    await post(accept(stray));
    expect((await upstream.seen('response')).message).toMatchObject({ id: 'q', error: { code: -31003 } });
  });
});

it('an answer that could be for either of two questions ends neither', async () => {
  const { session, upstream } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const opening = session.stream(call('c'));
  const held = await calls.nth(1);
  held.send(question('"q"'));
  held.send(question('"r"'));
  const stream = await opening;
  const ids = [await stream.next(), await stream.next()].map(({ message }) => message.id);
  for (const stray of ['x', null, 987_654]) await session.post(accept(stray));
  for (const id of ids) await session.post(accept(String(id)));
  await upstream.seen('response', 2);
  const answers = upstream.all('response').map(({ message }) => [message.id, message.result?.action]);
  expect(answers.sort()).toEqual([
    ['q', 'accept'],
    ['r', 'accept'],
  ]);
  held.finish(done(held.id));
});

// Several messages in one POST, which only revision 2025-03-26 has.
import { describe, expect, it } from 'vitest';
import type { RpcMessage } from '../../../peers/rpc.ts';
import { ofMethod } from '../event-stream.ts';
import { type Answered, initialize, notification, request } from '../exchange.ts';
import { call, cleanUp, done, fixture, progress } from '../fixture.ts';
import { hold } from '../held-answers.ts';

cleanUp();

const BATCHES = '2025-03-26';
const text = (...messages: unknown[]): string => JSON.stringify(messages);

/** The answers in a response, whether it is JSON or a stream. */
function answersIn(answered: Answered): RpcMessage[] {
  if (String(answered.headers['content-type']).startsWith('application/json')) {
    const value = answered.json as unknown;
    expect(Array.isArray(value)).toBe(true);
    return value as RpcMessage[];
  }
  const data = answered.text.split('\n').filter((line) => line.startsWith('data:'));
  return data.map((line) => line.slice(5).trim()).flatMap((line) => (line === '' ? [] : [JSON.parse(line)].flat()));
}

describe('in revision 2025-03-26', () => {
  it('every request of a batch is answered once', async () => {
    const { session } = await fixture([], BATCHES);
    const answered = await session.post(
      text(
        request('a', 'ping'),
        notification('notifications/roots/list_changed'),
        request(2, 'tools/list'),
        request(3, 'no/such'),
      ),
    );
    expect(answered.status).toBe(200);
    const answers = new Map(answersIn(answered).map((message) => [message.id, message]));
    expect([...answers.keys()].map(String).sort()).toEqual(['2', '3', 'a']);
    expect(answers.get('a')?.result).toEqual({});
    expect(answers.get(2)?.result).toMatchObject({ tools: [{ name: 'echo' }] });
    expect(answers.get(3)?.error?.code).toBe(-32601);
  });

  it('notifications and questions come on the stream', async () => {
    const { session, upstream } = await fixture([], BATCHES);
    const calls = hold(upstream, 'tools/call');
    const opening = session.stream([call('slow'), request('quick', 'ping')]);
    const held = await calls.nth(1);
    held.send(progress(1));
    const stream = await opening;
    expect(stream.headers['content-type']).toMatch(/^text\/event-stream/);
    await stream.next(ofMethod('notifications/progress'));
    held.finish(done(held.id));
    await stream.ended;
    const answers = stream.events
      .flatMap(({ message }) => [message].flat())
      .filter(({ method }) => method === undefined);
    expect(answers.map(({ id }) => String(id)).sort()).toEqual(['quick', 'slow']);
  });

  it('a batch without requests is accepted: 202', async () => {
    const { session } = await fixture([], BATCHES);
    const answered = await session.post(
      text(notification('notifications/roots/list_changed'), { jsonrpc: '2.0', id: 9, result: {} }),
    );
    expect([answered.status, answered.text]).toEqual([202, '']);
  });

  it('an element that is not a message gets an error, and the others get their answers', async () => {
    const { session } = await fixture([], BATCHES);
    const answered = await session.post(text(request(1, 'ping'), 5));
    if (answered.status === 400) expect(answered.json.error?.code).toBe(-32600);
    else expect(answersIn(answered).map(({ id }) => id)).toEqual(expect.arrayContaining([1, null]));
  });

  it('an empty batch gets 400', async () => {
    const { session } = await fixture([], BATCHES);
    const answered = await session.post('[]');
    expect([answered.status, answered.json.error?.code]).toEqual([400, -32600]);
  });

  it('an initialize in a batch gets 400', async () => {
    const { session, upstream } = await fixture([], BATCHES);
    const before = upstream.all('initialize').length;
    const answered = await session.post(text(initialize(BATCHES), request(1, 'ping')), { 'mcp-session-id': undefined });
    expect([answered.status, answered.json.error?.code]).toEqual([400, -32600]);
    expect(upstream.all('initialize')).toHaveLength(before);
  });
});

it.each(['2024-11-05', '2025-06-18', '2025-11-25'])('in revision %s a batch gets 400', async (version) => {
  const { session, upstream } = await fixture([], version);
  const before = upstream.requests.filter(({ kind }) => kind === 'ping').length;
  const answered = await session.post(text(request(1, 'ping')));
  expect([answered.status, answered.json.error?.code]).toEqual([400, -32600]);
  expect(upstream.requests.filter(({ kind }) => kind === 'ping')).toHaveLength(before);
});

// Text that is almost JSON, and requests that are too large: the client that waits for an answer gets an error.
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { regularPost, startHostileSse } from '../../peers/hostile-sse.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CALL = { name: 'echo', arguments: {} };
const nan = (id: string): string => `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"x":NaN}}`;

describe('an answer with NaN in it, on a stream that stays open', () => {
  it('Streamable HTTP', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2025-06-18');
    server.once(
      'tools/call',
      a.openSse((res, seen) => res.write(a.event(nan(seen.id)))),
    );
    const { message } = await proxy.rpc.exchange('tools/call', CALL);
    expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    await proxy.rpc.request('tools/call', CALL);
    expect(server.executions).toBe(2);
  });

  it('HTTP+SSE', async () => {
    const server = await startHostileSse();
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2024-11-05');
    server.post = (posted, stream, res) => {
      res.writeHead(202).end();
      if (posted.message.id !== undefined) stream.send(nan(JSON.stringify(posted.message.id)));
    };
    const { message } = await proxy.rpc.exchange('tools/call', CALL);
    expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    server.post = regularPost;
    await proxy.rpc.request('tools/call', CALL);
    expect(server.posts.filter(({ message: { method } }) => method === 'tools/call')).toHaveLength(2);
  });
});

it("a client's answer with NaN in it reaches the server as an error", async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2025-06-18', { sampling: {} });
  let finish = (): void => {};
  server.once(
    'tools/call',
    a.openSse((res, seen) => {
      res.write(a.event('{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{}}'));
      finish = () => res.end(a.event(a.resultText(seen.id, { content: [] })));
    }),
  );
  const called = proxy.rpc.request('tools/call', CALL);
  const { message } = await proxy.rpc.next('sampling/createMessage');
  proxy.rpc.raw(`{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":{"x":NaN}}`);
  const answer = (await server.seen('response')).message;
  expect(answer).toMatchObject({ id: 'q', error: { code: expect.any(Number) } });
  finish();
  expect(await called).toEqual({ content: [] });
});

it('a request that is too large is refused under its id, though the id comes last', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2025-06-18');
  const params = { name: 'echo', arguments: { a: 'y'.repeat(33 * 1_048_576) } };
  for (const id of [7_000, 'the last']) {
    const answered = proxy.rpc.response(id);
    proxy.rpc.raw(JSON.stringify({ method: 'tools/call', params, jsonrpc: '2.0', id }));
    expect((await answered).message.error).toMatchObject({ code: -31008 });
  }
  await proxy.rpc.request('tools/list');
  expect(server.executions).toBe(0);
});

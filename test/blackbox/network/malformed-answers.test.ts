// An error without an integer code and a message is no answer that a client could read: the request fails at once with
// an error of the proxy, and everything else goes on.
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { answersTo, ERAS } from '../../peers/hostile-eras.ts';
import { regularPost, startHostileSse } from '../../peers/hostile-sse.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CALL = { name: 'echo', arguments: {} };
const ERRORS = [
  'null',
  '"oops"',
  '[]',
  '{}',
  '{"message":"no code"}',
  '{"code":-32000}',
  '{"code":"-32000","message":"a text"}',
];
const malformed = (id: string, error: string): string => `{"jsonrpc":"2.0","id":${id},"error":${error}}`;

describe.each(ERAS)('$name', (era) => {
  it.each(['in a body', 'on a stream'])('%s', async (where) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    for (const error of ERRORS) {
      server.once(
        'tools/call',
        where === 'in a body'
          ? a.json((id) => malformed(id, error))
          : // The stream stays open: the request must not wait for its end.
            a.openSse((res, seen) => res.write(a.event(malformed(seen.id, error)))),
      );
      const { message } = await era.ask(proxy, 'tools/call', CALL);
      expect(message).toMatchObject({ error: { code: -31003, message: expect.stringMatching(/./) } });
      expect(answersTo(proxy, message.id)).toHaveLength(1);
      expect((await era.ask(proxy, 'tools/call', CALL)).message.result).toBeDefined();
    }
    expect(server.executions).toBe(2 * ERRORS.length);
    expect(proxy.rpc.garbage).toEqual([]);
  });

  it('without an id on a stream answers the request of that stream', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    for (const error of ERRORS) {
      server.once(
        'tools/call',
        a.openSse((res) => res.write(a.event(malformed('null', error)))),
      );
      const { message } = await era.ask(proxy, 'tools/call', CALL);
      expect(message).toMatchObject({
        error: { code: -31003, message: expect.stringMatching(/malformed/), data: { outcome: 'unknown' } },
      });
      expect(answersTo(proxy, message.id)).toHaveLength(1);
    }
    expect((await era.ask(proxy, 'tools/call', CALL)).message.result).toBeDefined();
    expect(server.executions).toBe(ERRORS.length + 1);
  });

  it('under an unknown id on a stream ends the request of that stream, once', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    for (const id of ['"other"', '987654']) {
      server.once(
        'tools/call',
        a.openSse((res, seen) => {
          res.write(a.event(malformed(id, '"oops"')));
          // This comes too late: the call has its answer already.
          res.end(a.event(a.resultText(seen.id, { resultType: 'complete', content: [] })));
        }),
      );
      const { message } = await era.ask(proxy, 'tools/call', CALL);
      expect(message).toMatchObject({ error: { code: -31003, data: { outcome: 'unknown' } } });
      expect((await era.ask(proxy, 'tools/list')).message.result).toBeDefined();
      expect(answersTo(proxy, message.id)).toHaveLength(1);
    }
    expect(proxy.rpc.untaken()).toEqual([]);
  });
});

it('over HTTP+SSE', async () => {
  const server = await startHostileSse();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2024-11-05');
  for (const error of ERRORS) {
    server.post = ({ message }, stream, res) => {
      res.writeHead(202).end();
      stream.send(malformed(JSON.stringify(message.id), error));
    };
    const { message } = await proxy.rpc.exchange('tools/call', CALL);
    expect(message).toMatchObject({ error: { code: -31003, message: expect.stringMatching(/./) } });
    server.post = regularPost;
    expect((await proxy.rpc.request('tools/call', CALL)).content).toBeDefined();
  }
  expect(server.streams).toHaveLength(1);
});

it('of the client ends the question of the server', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  server.once(
    'tools/call',
    a.openSse((res) => res.write(a.event('{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{}}'))),
  );
  await proxy.rpc.initialize('2025-06-18', { sampling: {} });
  proxy.rpc.raw('{"jsonrpc":"2.0","id":"open","method":"tools/call","params":{"name":"long"}}');
  const asked = await proxy.rpc.next('sampling/createMessage');
  proxy.rpc.raw(malformed(JSON.stringify(asked.message.id), '"oops"'));
  const { message } = await server.seen('response');
  expect(message).toMatchObject({ id: 'q', error: { code: expect.any(Number), message: expect.any(String) } });
  expect(proxy.rpc.untaken()).toEqual([]);
});

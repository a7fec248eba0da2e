// A client cancels a request: what is sent to the server, under which id, and that no answer comes any more.
import { afterEach, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ERAS, LEGACY, MODERN_ERA } from '../../peers/hostile-eras.ts';
import { startHostileSse } from '../../peers/hostile-sse.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CALL = { name: 'long', arguments: {} };

it('a legacy call is cancelled under the id that the server knows, and the client gets no answer', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize();
  server.on('tools/call', a.never);
  for (const id of ['"first"', '"second"'])
    proxy.rpc.raw(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":${id}}}`);
  await server.seen('tools/call', 2);
  const second = server.all('tools/call').find(({ message }) => message.params.name === 'second');
  proxy.rpc.raw(
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"reason":"no \\u0041ppetite","requestId":"second","n":12345678901234567890}}',
  );
  const cancelled = await server.seen('notifications/cancelled');
  expect(JSON.stringify(cancelled.message.params.requestId)).toBe(second?.id);
  expect(cancelled.session).toBe('session-1');
  expect(cancelled.body).toContain('"reason":"no \\u0041ppetite"');
  expect(cancelled.body).toContain('"n":12345678901234567890');
  await second?.closed;
  await proxy.rpc.request('ping');
  expect(proxy.lines.some((line) => line.includes('"second"'))).toBe(false);
  expect(server.all('notifications/cancelled')).toHaveLength(1);
});

it('a modern call is cancelled by closing its POST, and the client gets no answer', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await MODERN_ERA.open(proxy);
  server.once('tools/call', a.never);
  server.once(
    'tools/call',
    a.openSse((res) => res.write(': working\n\n')),
  );
  for (const id of ['silent', 'streaming']) {
    proxy.rpc.raw(MODERN_ERA.line(id, 'tools/call', CALL));
    const posted = await server.seen('tools/call', id === 'silent' ? 1 : 2);
    proxy.rpc.notify('notifications/cancelled', { requestId: id });
    await posted.closed;
  }
  await MODERN_ERA.ask(proxy, 'tools/list');
  expect(server.all('notifications/cancelled')).toEqual([]);
  expect(proxy.lines.some((line) => line.includes('silent') || line.includes('streaming'))).toBe(false);
});

it.each(ERAS)('$name: an answer that crosses its cancellation is not delivered', async (era) => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await era.open(proxy);
  let finish = (): void => {};
  server.once(
    'tools/call',
    a.openSse((res, seen) => {
      finish = () => void res.end(a.event(`{"jsonrpc":"2.0","id":${seen.id},"result":{"late":true}}`));
    }),
  );
  proxy.rpc.raw(era.line('taken back', 'tools/call', CALL));
  const posted = await server.seen('tools/call');
  proxy.rpc.notify('notifications/cancelled', { requestId: 'taken back' });
  // From here on, the server has the cancellation, and anything it still sends is late.
  await (era.name === 'legacy' ? server.seen('notifications/cancelled') : posted.closed);
  finish();
  await posted.closed;
  await era.ask(proxy, 'tools/list');
  expect(proxy.lines.some((line) => line.includes('late') || line.includes('taken back'))).toBe(false);
});

it.each(ERAS)('$name: a cancellation of something unknown or over does nothing', async (era) => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await era.open(proxy);
  const { message } = await era.ask(proxy, 'tools/call', CALL);
  for (const requestId of [message.id, 'never asked', null, {}, [1], true]) {
    proxy.rpc.notify('notifications/cancelled', { requestId });
  }
  proxy.rpc.notify('notifications/cancelled');
  proxy.rpc.notify('notifications/cancelled', {});
  expect((await era.ask(proxy, 'tools/call', CALL)).message.result).toBeDefined();
  expect(server.all('notifications/cancelled')).toEqual([]);
});

it('a cancellation by the server reaches the client under the id that the client knows', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  server.once('tools/call', (res, seen) =>
    a.openSse(() => {
      res.write(a.event('{"jsonrpc":"2.0","id":"same","method":"sampling/createMessage","params":{"n":1}}'));
    })(res, seen),
  );
  await proxy.rpc.initialize('2025-06-18', { sampling: {} });
  proxy.rpc.raw(LEGACY.line('endless', 'tools/call', CALL));
  const asked = await proxy.rpc.next('sampling/createMessage');
  // It may also come on the stream of another call: only the id counts.
  server.once('tools/list', (res, seen) =>
    a.sse(
      a.event('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"same","reason":"enough"}}') +
        a.event(a.resultText(seen.id, { tools: [] })),
    )(res, seen),
  );
  await proxy.rpc.request('tools/list');
  const cancelled = await proxy.rpc.next('notifications/cancelled');
  expect(cancelled.message.params).toEqual({ requestId: asked.message.id, reason: 'enough' });
  // An answer that is sent at the same time as the cancellation reaches nobody.
  proxy.rpc.reply(asked.message.id ?? null, { late: true });
  await proxy.rpc.request('ping');
  expect(server.all('response')).toEqual([]);
});

it('requests of the server are kept apart when their ids differ only in type, or equal those of the client', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  server.once('tools/call', (res, seen) =>
    a.openSse(() => {
      for (const id of ['0', '"0"', seen.id, `"${seen.id}"`, '12345678901234567890']) {
        res.write(
          a.event(
            `{"jsonrpc":"2.0","id":${id},"method":"sampling/createMessage","params":{"of":${JSON.stringify(id)}}}`,
          ),
        );
      }
    })(res, seen),
  );
  proxy.rpc.on('sampling/createMessage', ({ of }) => ({ of }));
  await proxy.rpc.initialize('2025-06-18', { sampling: {} });
  proxy.rpc.raw(LEGACY.line('endless', 'tools/call', CALL));
  await server.seen('response', 5);
  for (const { body, message } of server.all('response')) expect(body).toContain(`"id":${message.result.of},`);
  expect(new Set(server.all('response').map(({ message }) => message.result.of)).size).toBe(5);
});

it('over HTTP+SSE a call is cancelled under the id that the server knows', async () => {
  const server = await startHostileSse();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2024-11-05');
  server.post = (_posted, _stream, res) => void res.writeHead(202).end();
  proxy.rpc.raw('{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"long"}}');
  const posted = await server.posted('tools/call');
  proxy.rpc.notify('notifications/cancelled', { requestId: 'x', reason: 'enough' });
  const cancelled = await server.posted('notifications/cancelled');
  expect(cancelled.message.params).toEqual({ requestId: posted.message.id, reason: 'enough' });
});

// The statuses of the two endpoints of revision 2024-11-05.
import { expect, it } from 'vitest';
import { openStream } from '../event-stream.ts';
import { type Ask, ask, initialize } from '../exchange.ts';
import { expectRefusal, MIB, PING, refusing } from '../limited-proxy.ts';

const to = refusing();

it('a message without a session gets 400', async () => {
  for (const path of ['/message', '/message?session=x', '/message?sessionid=x'])
    expectRefusal(await ask(to.url, { path, body: initialize('2024-11-05') }), 400);
  to.untouched();
});

it.each(['unknown', '__proto__', 'constructor', '%2e%2e%2f', '%00', '%', 'x'.repeat(3_000)])(
  'session %s gets 404',
  async (unknown) => {
    const path = `/message?sessionId=${unknown}`;
    const answered = await ask(to.url, { path, body: initialize('2024-11-05') });
    expectRefusal(answered, 404);
    to.untouched();
  },
);

it('a message in a session gets 202 without a body, and a wrong one the same status as elsewhere', async () => {
  const stream = await openStream(to.url, { path: '/sse' });
  expect([stream.status, stream.headers['x-accel-buffering']]).toEqual([200, 'no']);
  const { data: path } = await stream.next(({ event }) => event === 'endpoint');
  expect(path).toMatch(/^\/message\?sessionId=[\x21-\x7e]{22,}$/);
  const accepted = await ask(to.url, { path, body: initialize('2024-11-05') });
  expect(accepted.status).toBe(202);
  expect((await stream.next()).message).toMatchObject({ id: 0, result: { protocolVersion: '2024-11-05' } });
  const wrong: [number, Ask][] = [
    [400, { body: '{' }],
    [400, { body: '[]' }],
    [413, { body: Buffer.alloc(MIB + 1, ' ') }],
    [415, { body: '{}', headers: { 'content-type': 'text/plain' } }],
  ];
  for (const [status, what] of wrong) expectRefusal(await ask(to.url, { path, ...what }), status);
  stream.destroy();
});

it('the session ends with its stream', async () => {
  const stream = await openStream(to.url, { path: '/sse' });
  const { data: path } = await stream.next(({ event }) => event === 'endpoint');
  expect((await ask(to.url, { path, body: initialize('2024-11-05') })).status).toBe(202);
  const { message } = await stream.next();
  expect(message.result).toBeDefined();
  const deleted = to.upstream.all('DELETE').length;
  stream.destroy();
  // The session at the server ends with it, so this one is gone as well.
  await to.upstream.seen('DELETE', deleted + 1);
  expectRefusal(await ask(to.url, { path, body: PING }), 404);
});

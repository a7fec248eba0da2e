// One session at the server for all clients of HTTP mode: no client can say one thing to the proxy and another to the server.
import { expect, it } from 'vitest';
import { cleanUp, fixture, startSession } from '../fixture.ts';

cleanUp();

const message = (method: string, params: string, id = '"id":1,', more = ''): string =>
  `{"jsonrpc":"2.0",${id}"method":"${method}","params":${params}${more}}`;

it('ambiguous requests are refused, and requests without an id are dropped', async () => {
  const { serving, session, upstream } = await fixture(['--upstream-session', 'shared']);
  const other = await startSession(serving.url);
  await other.post(message('logging/setLevel', '{"level":"error"}'));
  const before = upstream.requests.length;
  for (const body of [
    message('logging/setLevel', '{"level":"debug","level":"emergency"}'),
    message('logging/setLevel', '{"level":"error","Level":"emergency"}'),
    message('resources/subscribe', '{"uri":"x:1","uri":"x:2"}'),
    message('tools/call', '{"name":"a","task":{},"task":{}}'),
    message('tools/call', '{"name":"a","_meta":{"ProgressToken":1}}'),
    message('ping', '{"level":"emergency"}', '"id":1,', ',"Method":"logging/setLevel"'),
  ]) {
    const { status, json } = await session.post(body);
    expect([status, json.error?.code], body).toEqual([200, -32_602]);
  }
  for (const body of [
    message('logging/setLevel', '{"level":"emergency"}', ''),
    message('tools/call', '{"name":"a"}', ''),
    message('notifications/x', '{"level":"emergency"}', '', ',"Method":"logging/setLevel"'),
  ]) {
    expect((await session.post(body)).status, body).toBe(202);
  }
  expect((await session.post(message('notifications/cancelled', '{"requestId":1}'))).json.error?.code).toBe(-32_601);
  // Everything sent before this has reached the server by now.
  await session.post(message('tools/list', '{}', '"id":2,'));
  expect(upstream.requests.slice(before).map(({ kind }) => kind)).toEqual(['tools/list']);
});

// Which changes a client of 2026-07-28 can subscribe to at a server of an older revision, with and without a GET
// stream.
import { expect, it } from 'vitest';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { modernParams } from '../../peers/rpc.ts';
import { answer, type Script, startScripted } from '../../peers/scripted.ts';

const open = opened();
const INITIALIZED = JSON.stringify({
  protocolVersion: '2025-11-25',
  capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
  serverInfo: { name: 'minimal', version: '1' },
});

/** @param stream whether the server answers the GET of a session with an event stream */
function announcing(stream: boolean): Script {
  const serve = legacyServer({ initialize: INITIALIZED, 'resources/subscribe': '{}', 'resources/unsubscribe': '{}' });
  return (seen, res) => {
    if (seen.body.includes('2026-07-28')) return answer(res, 400, 'text/plain', 'what?');
    if (seen.method !== 'GET' || !stream) return serve(seen, res);
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    return res.write('data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n');
  };
}

it.each([
  [true, { toolsListChanged: true, resourceSubscriptions: ['a:b'] }],
  [false, {}],
])('with a stream: %s', async (stream, expected) => {
  const server = await open(startScripted('/mcp', announcing(stream)));
  const { rpc, close } = startProxy(server.url);
  await rpc.modern('server/discover');
  const filter = { toolsListChanged: true, promptsListChanged: true, resourceSubscriptions: ['a:b'] };
  rpc.raw(
    JSON.stringify({
      jsonrpc: '2.0',
      id: 'listen',
      method: 'subscriptions/listen',
      params: modernParams({ notifications: filter }),
    }),
  );
  const { message } = await rpc.next('notifications/subscriptions/acknowledged');
  expect(message.params).toEqual({
    notifications: expected,
    _meta: { 'io.modelcontextprotocol/subscriptionId': 'listen' },
  });
  rpc.notify('notifications/cancelled', { requestId: 'listen' });
  if (stream) await server.request(({ body }) => body.includes('resources/unsubscribe'));
  await close();
});

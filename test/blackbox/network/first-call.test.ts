// What happens between the handshake of a legacy client and its first call: the call waits for nothing, except for the
// stream that carries the server's questions, if the client can answer questions.

import type { ServerResponse } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const CALL = '{"jsonrpc":"2.0","id":"first","method":"tools/call","params":{"name":"echo","arguments":{}}}';

/** The handshake with the call right after it: both have arrived before the server has answered the first. */
async function callAtOnce(proxy: ProxyProcess, capabilities: object): Promise<void> {
  const clientInfo = { name: 'line-client', version: '1.0.0' };
  await proxy.rpc.request('initialize', { protocolVersion: '2025-11-25', capabilities, clientInfo });
  proxy.rpc.raw(`${INITIALIZED}\n${CALL}`);
}

/** What the server saw before the call, of every HTTP method. */
function before(server: Hostile): string[] {
  const kinds = server.requests.map(({ kind }) => kind);
  return kinds.slice(0, kinds.indexOf('tools/call'));
}

it.each<[string, object]>([
  ['none', {}],
  ['nothing that a server could ask for', { experimental: { sampling: {} } }],
])('a client that declared %s: two HTTP requests precede its call', async (_, capabilities) => {
  const server = await startHostile();
  server.on(
    'GET',
    a.openSse(() => {}),
  );
  const proxy = startProxy(server.url);
  await callAtOnce(proxy, capabilities);
  expect((await proxy.rpc.response('first')).message.result).toBeDefined();
  expect(before(server)).toEqual(['initialize', 'notifications/initialized']);
  // Afterwards it listens like any other.
  await server.seen('GET');
});

it.each<[string, string]>([
  ['sampling', 'sampling/createMessage'],
  ['elicitation', 'elicitation/create'],
  ['roots', 'roots/list'],
])('a client that declared %s: its stream is open before its call is sent', async (capability, method) => {
  const server = await startHostile();
  // The call waits for the stream as long as the handshake took, so this machine may be slow.
  server.once('initialize', async (res, seen) => {
    await after(1_000);
    res.setHeader('mcp-session-id', 'slow');
    a.reply({ protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } })(
      res,
      seen,
    );
  });
  server.unknownSession = (res, seen) => {
    if (seen.kind === 'tools/call') a.reply({ content: [], open: stream !== undefined })(res, seen);
    else a.status(202)(res, seen);
  };
  let stream: ServerResponse | undefined;
  server.on('GET', async (res, seen) => {
    // A call that had not waited would have arrived by now.
    await after(50);
    a.openSse((opened) => {
      stream = opened;
    })(res, seen);
  });
  const proxy = startProxy(server.url);
  await callAtOnce(proxy, { [capability]: {} });
  expect((await proxy.rpc.response('first')).message.result).toMatchObject({ open: true });
  expect(before(server)).toEqual(['initialize', 'notifications/initialized', 'GET']);
  stream?.write(a.event(JSON.stringify({ jsonrpc: '2.0', id: 'asked', method, params: {} })));
  expect((await proxy.rpc.next(method)).message.params).toEqual({});
});

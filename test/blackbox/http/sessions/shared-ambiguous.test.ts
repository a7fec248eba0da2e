// One session at the server for all clients of HTTP mode: no client can say one thing to the proxy and another to the server.
import { describe, expect, it } from 'vitest';
import { startServing } from '../../../peers/http/serving.ts';
import { onLines, startPiped } from '../../../peers/local/piped-child.ts';
import { opened } from '../../../peers/opened.ts';
import { MODERN, modernParams, type RpcMessage } from '../../../peers/rpc.ts';
import { WIRES } from '../../policy/wires.ts';
import { type Answered, ask } from '../exchange.ts';
import { cleanUp, fixture, startSession } from '../fixture.ts';

const open = opened();
cleanUp();

const COMPLETE = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };

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

describe('however the clients that share a session connect', () => {
  const TWICE: readonly (readonly [method: string, params: string])[] = [
    ['resources/subscribe', '{"uri":"x:1","uri":"x:2"}'],
    ['logging/setLevel', '{"level":"debug","level":"emergency"}'],
    ['tools/call', '{"name":"a","task":{},"task":{}}'],
    ['tools/call', '{"name":"a","_Meta":{"progressToken":1}}'],
  ];

  // Those of 2026-07-28 share one session with a server of an older revision without a flag.
  it.each(WIRES.filter(({ name, isJoined }) => name.startsWith('/') && !isJoined))('$name', async (wire) => {
    const flags = wire.isModern ? [] : ['--upstream-session', 'shared'];
    const { server, client } = await wire.start({ 'logging/setLevel': '{}', 'resources/subscribe': '{}' }, flags);
    await open(server);
    await client.exchange('tools/list');
    for (const [method, params] of TWICE) {
      expect((await client.raw(JSON.stringify(method), params)).error?.code, params).toBe(-32_602);
    }
    for (const [method, params] of [
      ['logging/setLevel', '{"level":"emergency"}'],
      ['tools/call', '{"name":"a","arguments":{}}'],
    ] as const)
      await client.tell(JSON.stringify(method), params);
    // Everything sent before this has reached the server by now.
    await client.exchange('tools/list');
    const reached = server.requests
      .map(({ body }) => body)
      .filter((body) => /tools\/call|setLevel|subscribe/.test(body));
    expect(reached).toEqual([]);
    await client.close();
  });

  it.each(['legacy', 'modern'])('clients of 2026-07-28, in front of the process of a %s local server', async (era) => {
    const reached: string[] = [];
    const children = await open(
      startPiped((socket) => {
        socket.on('error', () => {});
        onLines(socket, (text) => {
          const { id, method, params } = JSON.parse(text) as RpcMessage;
          if (method === 'tools/call') reached.push(text);
          const send = (answer: object): void =>
            void socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`);
          if (method === 'server/discover' && era === 'legacy') send({ error: { code: -32_601, message: 'no' } });
          else if (method === 'server/discover')
            send({ result: { ...COMPLETE, supportedVersions: [MODERN], capabilities: { tools: {} } } });
          else if (method === 'initialize')
            send({
              result: {
                protocolVersion: params.protocolVersion,
                capabilities: { tools: {} },
                serverInfo: { name: 'local', version: '1' },
              },
            });
          else if (id !== undefined) send({ result: { ...COMPLETE, content: [] } });
        });
      }),
    );
    const { url } = await startServing(undefined, ['--', ...children.command]);
    const [envelope] = /(?<="_meta":\{).*(?=\}\}$)/.exec(JSON.stringify(modernParams())) ?? [];
    const headers = { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'a' };
    const call = (meta: string, more = ''): Promise<Answered> =>
      ask(url, {
        path: '/mcp',
        headers,
        body: message('tools/call', `{"name":"a","_meta":{${envelope}${meta}}}`, '"id":1,', more),
      });
    for (const [meta, more] of [
      // Under the token of another client, it would hear of its progress.
      [',"ProgressToken":1', ''],
      [',"progressToken":"own","PROGRESSTOKEN":1', ''],
      [',"progre\u017f\u017fToken":1', ''],
      [',"progressToken":1,"progressToken":2', ''],
      ['', ',"Id":1'],
      ['', ',"Method":"logging/setLevel"'],
      ['', ',"Params":{"name":"b"}'],
    ] as const) {
      expect((await call(meta, more)).json.error?.code, meta + more).toBe(-32_602);
    }
    expect((await call(',"progressToken":"own"')).status).toBe(200);
    expect(reached.map((text) => (JSON.parse(text) as RpcMessage).params._meta.progressToken)).toEqual([1]);
  });
});

// The same forms and cuts as in framing.test.ts wherever else messages arrive: on the streams that stay open (GET, HTTP+SSE,
// subscriptions of 2026-07-28), from local servers, and from clients.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import net from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { FRAMINGS } from '../../peers/framings.ts';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { MODERN_ERA } from '../../peers/hostile-eras.ts';
import { regularAnswer, startHostileSse } from '../../peers/hostile-sse.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { onLines, startPiped } from '../../peers/local/piped-child.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { modernParams, type RpcMessage } from '../../peers/rpc.ts';

const open = opened(afterAll);
afterEach(closeServings);
afterEach(closeProxies);
afterEach(closeHostiles);

const TEXT = '€ — 漢字 😀';
const RESULT = `{"content":[{"type":"text","text":"${TEXT} \\u00e9"}]}`;
const logged = (n: number): string =>
  `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":{"n":${n},"text":"${TEXT}"}}}`;
const answered = (id: unknown): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${RESULT}}`;

/** Hands bytes over in pieces, and lets each be read on its own. */
type Write = (bytes: Buffer) => unknown;
const CUTS: [string, (bytes: Buffer, write: Write) => Promise<void>][] = [
  ['whole', async (bytes, write) => void write(bytes)],
  ['byte by byte', (bytes, write) => inPieces(bytes, 1, write)],
  ['three bytes at a time', (bytes, write) => inPieces(bytes, 3, write)],
];

async function inPieces(bytes: Buffer, size: number, write: Write): Promise<void> {
  for (let at = 0; at < bytes.length; at += size) {
    write(bytes.subarray(at, at + size));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The numbers of the log messages that the client has got, once both are there. */
async function bothLogged(proxy: ProxyProcess): Promise<unknown[]> {
  const messages = [await proxy.rpc.next('notifications/message'), await proxy.rpc.next('notifications/message')];
  for (const { message } of messages) expect(message.params.data.text).toBe(TEXT);
  expect(proxy.rpc.garbage).toEqual([]);
  return messages.map(({ message }) => message.params.data.n);
}

describe.each(FRAMINGS)('%s', (_name, write) => {
  const stream = Buffer.from(write(logged(1), logged(2)));

  it.each(CUTS)('on the GET stream, %s', async (_cut, cut) => {
    const server = await startHostile();
    server.on(
      'GET',
      a.openSse((res) => cut(stream, (bytes) => res.write(bytes))),
    );
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize();
    expect(await bothLogged(proxy)).toEqual([1, 2]);
  });

  it.each(CUTS)('on a subscription of 2026-07-28, %s', async (_cut, cut) => {
    const server = await startHostile();
    server.on(
      'subscriptions/listen',
      a.openSse(async (res, { id }) => {
        const meta = `"_meta":{"io.modelcontextprotocol/subscriptionId":${id}}`;
        const told = (method: string, more: string): string =>
          `{"jsonrpc":"2.0","method":"notifications/${method}","params":{${more}${meta}}}`;
        const updated = told('resources/updated', `"uri":"a:${TEXT}",`);
        await cut(Buffer.from(write(told('subscriptions/acknowledged', '"notifications":{},'), updated)), (bytes) =>
          res.write(bytes),
        );
      }),
    );
    const proxy = startProxy(server.url);
    await MODERN_ERA.open(proxy);
    const params = modernParams({ notifications: { resourceSubscriptions: ['a:'] } });
    proxy.rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'listen', method: 'subscriptions/listen', params }));
    await proxy.rpc.next('notifications/subscriptions/acknowledged');
    expect((await proxy.rpc.next('notifications/resources/updated')).message.params.uri).toBe(`a:${TEXT}`);
    expect(proxy.rpc.garbage).toEqual([]);
  });

  it.each(CUTS)('on the stream of HTTP+SSE, %s', async (_cut, cut) => {
    const server = await startHostileSse();
    server.post = async (posted, to, res) => {
      res.writeHead(202).end();
      const { id, method } = posted.message;
      if (method !== 'tools/call') return void (regularAnswer(posted) && to.send(regularAnswer(posted) ?? ''));
      // A byte order mark belongs to the beginning of a stream, which is over.
      const events = write(logged(1), answered(id)).replace(/^\ufeff/, '');
      await cut(Buffer.from(events), (bytes) => to.write(bytes));
    };
    const proxy = startProxy(server.url, ['--transport', 'sse-only']);
    await proxy.rpc.initialize('2024-11-05');
    expect(await proxy.rpc.request('tools/call', { name: 'x' })).toEqual(JSON.parse(RESULT));
    expect((await proxy.rpc.next('notifications/message')).message.params.data).toEqual({ n: 1, text: TEXT });
    expect(proxy.rpc.garbage).toEqual([]);
  });
});

describe('the event that names the endpoint of HTTP+SSE', () => {
  it.each<[string, string]>([
    ['CRLF', 'event: endpoint\r\ndata: /message?session=1\r\n\r\n'],
    ['CR', 'event: endpoint\rdata: /message?session=1\r\r'],
    ['a byte order mark', '\ufeffevent: endpoint\ndata: /message?session=1\n\n'],
    ['no spaces, and the data first', 'data:/message?session=1\nevent:endpoint\n\n'],
    ['comments and empty data around it', ':\n\ndata:\n\nevent: endpoint\n: x\ndata: /message?session=1\n\ndata\n\n'],
  ])('with %s', async (_name, event) => {
    for (const [, cut] of CUTS) {
      const server = await startHostileSse();
      server.begin = (stream) => void cut(Buffer.from(event), (bytes) => stream.write(bytes));
      const proxy = startProxy(server.url, ['--transport', 'sse-only']);
      await proxy.rpc.initialize('2024-11-05');
      expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(1);
    }
  });
});

describe('a compressed stream that ends', () => {
  const encodings = [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const;
  it.each(encodings)('in %s, on the GET stream', async (encoding, compress) => {
    const server = await startHostile();
    const body = compress(Buffer.from(`${a.event(logged(1), '1')}${a.event(logged(2), '2')}`));
    server.once('GET', (res: ServerResponse) => {
      res.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': encoding }).end(body);
    });
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize();
    expect(await bothLogged(proxy)).toEqual([1, 2]);
  });
});

describe.each<[string, (first: string, second: string) => string]>([
  ['LF', (first, second) => `${first}\n${second}\n`],
  ['CRLF', (first, second) => `${first}\r\n${second}\r\n`],
  ['a byte order mark', (first, second) => `\ufeff${first}\n${second}\n`],
  ['empty lines', (first, second) => `\n\r\n${first}\n\n \t\n${second}\n\n`],
  ['space around', (first, second) => ` \t${first} \r\n  ${second}\t\n`],
])('lines with %s', (_name, write) => {
  it.each(CUTS)('from a local server, %s', async (_cut, cut) => {
    const piped = await open(
      startPiped((socket) => {
        socket.setNoDelay(true);
        socket.on('error', () => {});
        // The mark belongs to the beginning of the output.
        if (write('', '').startsWith('\ufeff')) socket.write('\ufeff');
        onLines(socket, async (line) => {
          const message = JSON.parse(line) as RpcMessage;
          if (message.id === undefined) return;
          if (message.method !== 'tools/call') return void socket.write(`${regularAnswer({ message })}\n`);
          const text = write(logged(1), answered(message.id)).replace(/^\ufeff/, '');
          await cut(Buffer.from(text), (bytes) => socket.write(bytes));
        });
      }),
    );
    const proxy = startProxy(undefined, ['--', ...piped.command]);
    await proxy.rpc.initialize();
    expect(await proxy.rpc.request('tools/call', { name: 'x' })).toEqual(JSON.parse(RESULT));
    expect((await proxy.rpc.next('notifications/message')).message.params.data).toEqual({ n: 1, text: TEXT });
    expect(proxy.rpc.garbage).toEqual([]);
  });

  it.each(CUTS)('from a client, %s', async (_cut, cut) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: TEXT, version: '1' } };
    const initialize = JSON.stringify({ jsonrpc: '2.0', id: 'open', method: 'initialize', params });
    const call = `{"jsonrpc":"2.0","id":"call","method":"tools/call","params":{"name":"x","arguments":{"text":"${TEXT}"}}}`;
    const answers = [proxy.rpc.response('open'), proxy.rpc.response('call')];
    await cut(Buffer.from(write(initialize, call)), (bytes) => proxy.stdin.write(bytes));
    const [opening, result] = await Promise.all(answers);
    expect(opening?.message.result).toBeDefined();
    expect(result?.message.result.content[0].text).toBe(`{"text":"${TEXT}"}`);
    expect(server.all('initialize')[0]?.message.params.clientInfo.name).toBe(TEXT);
  });
});

it.each(CUTS)('the body of an HTTP client, %s', async (_name, cut) => {
  const server = await startHostile();
  const serving = await startServing(server.url);
  const params = modernParams({ name: 'x', arguments: { text: TEXT } });
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
  const socket = net.connect(serving.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.setNoDelay(true);
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const head = [
    'POST /mcp HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    'MCP-Protocol-Version: 2026-07-28',
    'Mcp-Method: tools/call',
    'Mcp-Name: x',
    'Transfer-Encoding: chunked',
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await cut(body, (bytes) => {
    socket.write(`${bytes.length.toString(16)}\r\n`);
    socket.write(bytes);
    socket.write('\r\n');
  });
  socket.write('0\r\n\r\n');
  await once(socket, 'close');
  expect(text).toContain(JSON.stringify(`{"text":"${TEXT}"}`).slice(1, -1));
  expect(server.executions).toBe(1);
});

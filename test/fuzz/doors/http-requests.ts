// HTTP requests of any bytes, at a program that listens.
import { type EventStream, openStream } from '../../blackbox/http/event-stream.ts';
import { ask, initialize, inSession, modern, openSession, request } from '../../blackbox/http/exchange.ts';
import { connect } from '../../blackbox/http/raw-connection.ts';
import { startServing } from '../../peers/http/serving.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { MODERN } from '../../peers/rpc.ts';
import { startScripted } from '../../peers/scripted.ts';
import { cut } from '../mutations.ts';
import { type Door, damaged, filled } from './door.ts';
import { CLIENT_MESSAGES } from './messages.ts';

const BOTH = 'Accept: application/json, text/event-stream';
const text = (line: string, headers: readonly string[], body = ''): string =>
  [`${line} HTTP/1.1`, 'Host: localhost', ...headers, '', body].join('\r\n');

function post(path: string, body: string, headers: readonly string[] = []): string {
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return text(`POST ${path}`, ['Content-Type: application/json', BOTH, ...headers, length], body);
}

function chunked(path: string, body: string): string {
  const bytes = Buffer.from(body);
  const half = bytes.length >> 1;
  const parts = [bytes.subarray(0, half), bytes.subarray(half)].map((part) => part.toString('latin1'));
  const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('');
  const headers = ['Content-Type: application/json', BOTH, 'Mcp-Session-Id: SESSION', 'Transfer-Encoding: chunked'];
  return text(`POST ${path}`, headers, `${chunks}0\r\nX-Trailer: a\r\n\r\n`);
}

const ENVELOPE = [`MCP-Protocol-Version: ${MODERN}`, 'Mcp-Method: tools/call', 'Mcp-Name: echo'];
const CORPUS = [
  ...CLIENT_MESSAGES.map((body) => post('/mcp', body, ['Mcp-Session-Id: SESSION'])),
  ...CLIENT_MESSAGES.map((body) => post('/mcp', body, ENVELOPE)),
  ...CLIENT_MESSAGES.map((body) => post('MESSAGE', body)),
  chunked('/mcp', CLIENT_MESSAGES[0] as string),
  text('GET /mcp', ['Accept: text/event-stream', 'Mcp-Session-Id: SESSION', 'Last-Event-ID: 1-1']),
  text('GET /sse', ['Accept: text/event-stream']),
  text('DELETE /mcp', ['Mcp-Session-Id: SESSION']),
  text('OPTIONS /mcp', ['Origin: http://localhost:1', 'Access-Control-Request-Method: POST']),
  text('POST /mcp', ['Expect: 100-continue', 'Content-Type: application/json', BOTH, 'Content-Length: 2'], '{}'),
  text('GET /', ['Authorization: Bearer abc', 'Cookie: a=b', 'X-Forwarded-For: 10.0.0.1', 'Upgrade: h2c']),
  text('GET /metrics', []) + text('GET /healthz', []),
];

export const httpRequests: Door = {
  name: 'HTTP requests',
  few: 300,
  async open() {
    const upstream = await startScripted('/mcp', legacyServer());
    const { url, proxy, stop } = await startServing(upstream.url, ['--session-idle', '30']);
    let session = '';
    let stream: EventStream | undefined;
    let message = '/message';
    return {
      proxy,
      async feed(random) {
        const connection = await connect(url);
        try {
          const bytes = filled(damaged(CORPUS, random), { SESSION: session, MESSAGE: message });
          for (const chunk of cut(bytes, random)) connection.write(chunk);
          connection.socket.end();
          const answered = connection.matching(/^HTTP\/1\.1 \d{3} /);
          answered.catch(() => {});
          await Promise.race([answered, connection.closed]);
        } finally {
          connection.destroy();
        }
      },
      async works() {
        stream?.destroy();
        session = (await openSession(url)) as string;
        stream = await openStream(url, { path: '/sse' });
        message = (await stream.next(({ event }) => event === 'endpoint')).data;
        const call = { name: 'echo', arguments: {} };
        const own = await ask(url, { path: '/mcp', headers: inSession(session), body: request(1, 'tools/call', call) });
        const other = await ask(url, { path: '/mcp', ...modern('tools/call', call) });
        const third = await ask(url, { path: '/mcp', body: initialize() });
        for (const { status, json } of [own, other, third])
          if (status !== 200 || json.result === undefined) throw new Error(`answered with ${status}`);
      },
      async close() {
        stream?.destroy();
        await stop();
        await upstream.close();
      },
    };
  },
};

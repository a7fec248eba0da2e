// Clients and gateways that speak HTTP/1.0, as nginx does towards a server unless it is told otherwise: every answer is
// whole without chunks, and ends with its connection.
import { afterEach, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { closeServings, startServing } from '../../../peers/http/serving.ts';
import { inSession, openSession } from '../exchange.ts';
import { call } from '../fixture.ts';
import { closeConnections, connect, requestText } from '../raw-connection.ts';

afterEach(async () => {
  closeConnections();
  await closeServings();
  await closeHostiles();
});

const ACCEPT = 'Accept: application/json, text/event-stream';
const NOTE = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"€"}}';

const headerLines = (headers: Record<string, unknown>): string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`);

/** A POST over HTTP/1.0, and everything that comes until the connection ends. */
async function post(url: string, headers: string[], body: object): Promise<{ head: string; body: string }> {
  const connection = await connect(url);
  const text = JSON.stringify(body);
  const own = ['Host: localhost', 'Content-Type: application/json', ACCEPT, `Content-Length: ${text.length}`];
  connection.write(requestText('POST /mcp HTTP/1.0', [...own, ...headers], text));
  await connection.closed;
  const [head = '', ...rest] = connection.text.split('\r\n\r\n');
  return { head, body: rest.join('\r\n\r\n') };
}

it('a session over HTTP/1.0: opening, a result, a stream with notifications', async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url);
  const opening = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'old', version: '1' } };
  const opened = await post(url, [], { jsonrpc: '2.0', id: 1, method: 'initialize', params: opening });
  expect(opened.head).toMatch(/^HTTP\/1\.1 200 /);
  expect(opened.head).not.toMatch(/transfer-encoding/i);
  expect(opened.body).toContain('"serverInfo"');
  const [, session] = /^mcp-session-id: (\S+)/im.exec(opened.head) ?? [];

  const headers = [`Mcp-Session-Id: ${session}`, 'Mcp-Protocol-Version: 2025-11-25'];
  const result = await post(url, headers, call(2));
  expect(result.head).not.toMatch(/transfer-encoding/i);
  expect(result.body).toContain('"id":2,');

  upstream.once(
    'tools/call',
    a.sse((id) => a.event(NOTE) + a.event(a.resultText(id, { content: [], done: true }))),
  );
  const streamed = await post(url, headers, call(3));
  expect(streamed.head).not.toMatch(/transfer-encoding/i);
  const events = [...streamed.body.matchAll(/^data: (.+)$/gm)].map(([, data = '']) => data);
  expect(events.at(-2)).toBe(Buffer.from(NOTE).toString('latin1'));
  expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ id: 3, result: { done: true } });
});

it('the stream of a session over HTTP/1.0 carries events at once, without chunks', async () => {
  const upstream = await startHostile();
  let tell = (): void => {};
  upstream.on(
    'GET',
    a.openSse((res) => {
      tell = () => void res.write(a.event(NOTE));
    }),
  );
  const { url } = await startServing(upstream.url);
  const session = await openSession(url);
  await upstream.seen('GET');
  const connection = await connect(url);
  const own = ['Host: localhost', 'Accept: text/event-stream', ...headerLines(inSession(session))];
  connection.write(requestText('GET /mcp HTTP/1.0', own));
  await connection.matching(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n/);
  tell();
  await connection.matching(/^data: \{"jsonrpc":"2\.0","method":"notifications\/message"/m);
  expect(connection.text).not.toMatch(/transfer-encoding/i);
});

// Clients that never read, and servers that never read: other clients are served, and memory does not grow.
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { peakMemory } from '../../../peers/hostile-memory.ts';
import { closeServings, startServing } from '../../../peers/http/serving.ts';
import { ask, inSession, modern, notification, openSession, request } from '../exchange.ts';
import { call } from '../fixture.ts';
import { closeConnections, connect, requestText } from '../raw-connection.ts';

afterEach(async () => {
  closeConnections();
  await closeServings();
  await closeHostiles();
});

const MIB = 1_048_576;
/** What the sockets between server and client may hold, with the buffers of the system and of the session. */
const IN_TRANSIT = 64 * MIB;
const FLOOD = 200 * MIB;
/** If there is no room for so long, the other side has stopped reading. */
const STALL = 1_500;

const headerLines = (headers: Record<string, unknown>): string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`);

/** An answer that does not end by itself: notifications as fast as they are read, up to `FLOOD`. */
function flood(): { answer: Parameters<Awaited<ReturnType<typeof startHostile>>['on']>[1]; stalled: Promise<number> } {
  let stall = (_sent: number): void => {};
  const stalled = new Promise<number>((resolve) => {
    stall = resolve;
  });
  const note = a.event(
    `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"${'x'.repeat(100_000)}"}}`,
  );
  const answer = a.openSse(async (res) => {
    let sent = 0;
    res.on('error', () => {});
    while (sent < FLOOD && !res.destroyed) {
      sent += note.length;
      if (res.write(note)) continue;
      const timer = setTimeout(() => stall(sent), STALL);
      await new Promise<void>((resolve) => {
        res.once('drain', resolve);
        res.once('close', resolve);
      });
      clearTimeout(timer);
    }
    stall(sent);
  });
  return { answer, stalled };
}

describe('a client that never reads its stream while the server floods it', () => {
  it.each(['a call', 'a modern call', 'the stream of a session', 'HTTP+SSE'])('%s', async (which) => {
    const upstream = await startHostile();
    const { answer, stalled } = flood();
    const { url, proxy } = await startServing(upstream.url);
    const other = await openSession(url);
    await upstream.seen('GET');
    if (which === 'the stream of a session') upstream.on('GET', answer);
    else upstream.once('tools/call', answer);
    const before = peakMemory(proxy.pid);

    const connection = await connect(url);
    const accept = 'Accept: application/json, text/event-stream';
    const post = (headers: string[], body: object, path = '/mcp'): string => {
      const text = JSON.stringify(body);
      const own = ['Host: localhost', 'Content-Type: application/json', accept, `Content-Length: ${text.length}`];
      return requestText(`POST ${path} HTTP/1.1`, [...own, ...headers], text);
    };
    if (which === 'a modern call') {
      const { body, headers } = modern('tools/call', { name: 'flood', arguments: {} });
      connection.write(post(headerLines(headers ?? {}), body));
    } else if (which === 'HTTP+SSE') {
      connection.write(requestText('GET /sse HTTP/1.1', ['Host: localhost', 'Accept: text/event-stream']));
      const [, path = ''] = await connection.matching(/data: (\/message\S+)/);
      const opening = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
      expect((await ask(url, { path, body: request(1, 'initialize', opening) })).status).toBe(202);
      await connection.matching(/"serverInfo"/);
      connection.socket.pause();
      expect((await ask(url, { path, body: call(2) })).status).toBe(202);
    } else {
      const headers = headerLines(inSession(await openSession(url)));
      if (which === 'a call') connection.write(post(headers, call(1)));
      else
        connection.write(
          requestText('GET /mcp HTTP/1.1', ['Host: localhost', 'Accept: text/event-stream', ...headers]),
        );
    }
    connection.socket.pause();

    expect(await stalled).toBeLessThan(IN_TRANSIT);
    if (before !== undefined) expect((peakMemory(proxy.pid) ?? 0) - before).toBeLessThan(IN_TRANSIT);
    // Others are served meanwhile.
    const served = await ask(url, { path: '/mcp', headers: inSession(other), body: request(1, 'tools/list') });
    expect(served.status).toBe(200);
  });
});

describe('clients that do not read their large answers', () => {
  const LARGE = { content: [{ type: 'text', text: 'x'.repeat(30 * MIB) }] };
  /** The clients of one address may leave so much unread. */
  const MAX_UNREAD = 256 * MIB;
  const CLIENTS = 12;

  it.each(['a call', 'a modern call', 'a modern stream', 'HTTP+SSE'])('%s', async (which) => {
    const upstream = await startHostile();
    upstream.on('tools/call', a.reply(LARGE));
    const { url, proxy } = await startServing(upstream.url);
    const other = await openSession(url);
    const before = peakMemory(proxy.pid);
    const post = (headers: Record<string, unknown>, body: object): string => {
      const text = JSON.stringify(body);
      const own = { Host: 'localhost', 'Content-Type': 'application/json', 'Content-Length': text.length, ...headers };
      return requestText('POST /mcp HTTP/1.1', headerLines(own), text);
    };
    const connections: Awaited<ReturnType<typeof connect>>[] = [];
    /** What a client gets that then stops reading. */
    const answered = async (): Promise<unknown> => {
      const connection = await connect(url);
      connections.push(connection);
      if (which === 'HTTP+SSE') {
        connection.write(requestText('GET /sse HTTP/1.1', ['Host: localhost', 'Accept: text/event-stream']));
        const [, path = ''] = await connection.matching(/data: (\/message\S+)/);
        const opening = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
        await ask(url, { path, body: request(1, 'initialize', opening) });
        await connection.matching(/"serverInfo"/);
        await ask(url, { path, body: call(7) });
      } else {
        const accept = which === 'a modern stream' ? 'text/event-stream' : 'application/json, text/event-stream';
        const isModern = which !== 'a call';
        const asked = isModern ? modern('tools/call', { name: 'large', arguments: {} }, 7) : { body: call(7) };
        const headers = 'headers' in asked ? asked.headers : inSession(await openSession(url));
        connection.write(post({ ...headers, Accept: accept }, asked.body));
      }
      const [, kind] = await connection.matching(/"id":7,"(result|error)":/);
      if (kind === 'error') await connection.matching(/"code":-31008,/);
      connection.socket.pause();
      return kind;
    };
    const kinds: unknown[] = [];
    for (let n = 0; n < CLIENTS; n++) kinds.push(await answered());
    expect(kinds[0]).toBe('result');
    // Where all of this takes long, the first clients have been cut off instead.
    if (!kinds.includes('error')) {
      const [first] = connections;
      first?.socket.resume();
      await first?.closed;
      expect(first?.text.length).toBeLessThan(30 * MIB);
    }
    if (before !== undefined) expect((peakMemory(proxy.pid) ?? 0) - before).toBeLessThan(2 * MAX_UNREAD);
    // Small answers have room.
    const served = await ask(url, { path: '/mcp', headers: inSession(other), body: request(1, 'tools/list') });
    expect(served.json.result?.tools).toHaveLength(1);
  });
});

it('notifications that the server takes slowly are limited in number and size', async () => {
  const upstream = await startHostile();
  const { url, proxy } = await startServing(upstream.url);
  const headers = inSession(await openSession(url));
  upstream.on('notifications/progress', a.never);
  const before = peakMemory(proxy.pid);
  const body = notification('notifications/progress', { progressToken: 1, progress: 1, pad: 'x'.repeat(1_000_000) });
  let refused: number | undefined;
  for (let n = 0; n < 400 && refused === undefined; n++) {
    const { status } = await ask(url, { path: '/mcp', headers, body });
    if (status !== 202) refused = status;
  }
  if (refused !== undefined) expect([429, 503]).toContain(refused);
  if (before !== undefined) expect((peakMemory(proxy.pid) ?? 0) - before).toBeLessThan(3 * IN_TRANSIT);
  expect((await ask(url, { path: '/healthz' })).status).toBe(200);
});

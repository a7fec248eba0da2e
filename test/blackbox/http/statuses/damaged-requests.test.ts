// Great numbers of requests that are almost right: each gets an answer, and so does the next one.
import http from 'node:http';
import { expect, it } from 'vitest';
import { startHostile } from '../../../peers/hostile.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { type Random, seeded } from '../../../unit/core/random.ts';
import { openStream } from '../event-stream.ts';
import { BOTH, initialize, inSession, modern, notification, openSession, request } from '../exchange.ts';
import { call, cleanUp } from '../fixture.ts';

cleanUp();

const ROUNDS = 2_000;
const SEED = 20_261_122;

const GARBAGE = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\\u0000',
  '\u0000',
  'null',
  '1e999',
  '\ud800',
  '"__proto__":1,',
  ' ',
];
const HEADERS = [
  'mcp-session-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'accept',
  'last-event-id',
  'expect',
];
const VALUES = [
  '',
  '2025-03-26',
  '2025-06-18',
  '2025-11-25',
  '2026-07-28',
  '0-0',
  '1-1',
  '*/*',
  '=?base64?!?=',
  'x',
  '\xff',
];
const METHODS = ['POST', 'POST', 'POST', 'POST', 'GET', 'DELETE', 'OPTIONS', 'HEAD'];

/** The text with a few characters changed, cut, doubled or replaced by ones that do not belong there. */
function damaged(random: Random, text: string): string {
  let result = text;
  for (let n = random.int(4); n > 0; n--) {
    const at = random.int(result.length + 1);
    const to = at + random.int(12);
    const how = random.int(4);
    if (how === 0) result = result.slice(0, at) + result.slice(to);
    else if (how === 1) result = result.slice(0, to) + result.slice(at);
    else if (how === 2) result = result.slice(0, at) + random.pick(GARBAGE) + result.slice(at);
    else result = random.chance(0.2) ? result.slice(0, at) : `[${result},${result}]`;
  }
  return result;
}

it(`${ROUNDS} slightly damaged requests get a fitting status (seed ${SEED})`, { timeout: 120_000 }, async () => {
  const random = seeded(SEED);
  const upstream = await startHostile();
  const { url, proxy } = await startServing(upstream.url);
  const sessions = [await openSession(url), await openSession(url, '2025-03-26')];
  const sse = await openStream(url, { path: '/sse' });
  const { data: message } = await sse.next(({ event }) => event === 'endpoint');
  const { body: modernCall, headers: envelope = {} } = modern('tools/call', { name: 'echo', arguments: { a: 1 } });
  const bodies = [
    initialize(),
    notification('notifications/initialized'),
    notification('notifications/cancelled', { requestId: 1 }),
    call(1),
    request('x', 'tools/list', { cursor: 'a', _meta: { progressToken: 1 } }),
    { jsonrpc: '2.0', id: 1, result: { action: 'accept' } },
    { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'no' } },
    modernCall,
    modern('subscriptions/listen', { notifications: {} }).body,
    [request(1, 'ping'), request(2, 'ping')],
  ].map((body) => JSON.stringify(body));

  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const send = (): Promise<number> => {
    const method = random.pick(METHODS);
    const path = random.pick(['/mcp', '/mcp', '/mcp', message, '/sse']);
    const kind = random.int(3);
    const base = kind === 0 ? envelope : kind === 1 ? inSession(random.pick(sessions)) : {};
    const headers: http.OutgoingHttpHeaders = { 'content-type': 'application/json', accept: BOTH, ...base };
    if (random.chance(0.3)) headers[random.pick(HEADERS)] = random.pick(VALUES);
    if (random.chance(0.1)) delete headers[random.pick(Object.keys(headers))];
    // Sessions are to last for the whole test.
    if (method === 'DELETE') delete headers['mcp-session-id'];
    const body = damaged(random, random.pick(bodies));
    return new Promise((resolve, reject) => {
      const req = http.request(new URL(path, url), { method, headers, agent });
      req.once('error', reject);
      req.once('response', (res) => {
        resolve(res.statusCode ?? 0);
        // Streams do not end by themselves.
        if (String(res.headers['content-type']).startsWith('text/event-stream')) req.destroy();
        else res.resume();
      });
      req.on('error', () => {});
      req.end(method === 'POST' ? body : undefined);
    });
  };

  const seen = new Map<number, number>();
  try {
    for (let round = 0; round < ROUNDS; round += 8) {
      const statuses = await Promise.all(Array.from({ length: 8 }, send));
      for (const status of statuses) seen.set(status, (seen.get(status) ?? 0) + 1);
    }
  } finally {
    agent.destroy();
  }
  // Refusals of the proxy, and answers of the server: neither of them has failed.
  for (const status of seen.keys()) expect([200, 202, 204, 400, 404, 405, 406, 413, 415, 417]).toContain(status);
  expect(seen.get(200)).toBeGreaterThan(50);
  expect(seen.get(400)).toBeGreaterThan(50);
  expect(proxy.stderr).not.toMatch(/internal error/);
});

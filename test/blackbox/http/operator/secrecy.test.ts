// What clients of HTTP mode send that is nobody else's business is in no log line at any level, and on no page that
// shows what happens.
import { afterEach, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { ModernClient } from '../../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../../peers/http/serving.ts';
import { SseClient } from '../../../peers/http/sse-client.ts';
import { StreamableClient } from '../../../peers/http/streamable-client.ts';

afterEach(closeServings);
afterEach(closeHostiles);

const TOKEN = 'client-token-Zq81kdkw02';
const TENANT = 'forwarded-value-Ok29dmwpa93';
const HEADER = 'operator-value-Hj40slwpq71';
const ARGUMENT = 'argument-Bn77xyzkq12';
const PROGRESS = 'progress-Pd83mncvw45';
const RESULT = 'result-Rt56plkjh90';

it.each(['debug', 'info', 'warn', 'error'])('at the level %s', async (level) => {
  const server = await startHostile();
  let isBroken = false;
  server.on('tools/call', (res, seen) => {
    // A server that repeats what it was sent.
    if (isBroken) return a.status(500, JSON.stringify([seen.headers, seen.body]))(res, seen);
    const { progressToken } = seen.message.params._meta ?? {};
    const params = { progressToken, progress: 1, message: PROGRESS };
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write(a.event(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })));
    const content = [{ type: 'text', text: RESULT }];
    res.end(a.event(a.resultText(seen.id, { content, ...(seen.modern && { resultType: 'complete' }) })));
  });
  const flags = ['--client-token', TOKEN, '--forward-header', 'X-Tenant', '-H', `X-Key: ${HEADER}`];
  const serving = await startServing(server.url, [...flags, '--log-level', level]);
  const headers = { authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '203.0.113.9', 'x-tenant': TENANT };
  const clients = [
    new StreamableClient(`${serving.url}/mcp`, { headers }),
    new SseClient(`${serving.url}/sse`, { headers }),
    new ModernClient(`${serving.url}/mcp`, { headers }),
  ] as const;
  await clients[0].initialize();
  await clients[1].open();
  await clients[1].initialize();
  const call = { name: 'echo', arguments: { secret: ARGUMENT }, _meta: { progressToken: 1 } };
  for (const client of clients) expect((await client.request('tools/call', call)).content[0].text).toBe(RESULT);
  isBroken = true;
  for (const client of clients) expect((await client.call('tools/call', call)).message.error).toBeDefined();
  // A wrong token is as secret as the right one: it may be that of another door.
  const refused = new ModernClient(`${serving.url}/mcp`, {
    headers: { ...headers, authorization: `Bearer x${TOKEN}` },
  });
  await expect(refused.call('tools/call', call)).rejects.toThrow();
  const page = await fetch(`${serving.url}/`);
  const shown = `${await page.text()}${await (await fetch(`${serving.url}/metrics`)).text()}`;
  const session = clients[0].sessionId ?? 'none';
  const [, endpoint = 'none'] = (clients[1].endpoint ?? '').split('sessionId=');
  for (const client of [...clients, refused]) client.vanish();
  expect((await serving.stop()).code).toBe(0);
  const { stderr } = serving.proxy;
  for (const secret of [TOKEN, TENANT, HEADER, ARGUMENT, PROGRESS, RESULT, session, endpoint, 'session-1']) {
    expect([secret, stderr.includes(secret)]).toEqual([secret, false]);
    expect([secret, shown.includes(secret)]).toEqual([secret, false]);
  }
});

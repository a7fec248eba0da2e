// A server may repeat the headers that --forward-header and --header sent it wherever a text of its own is shown: what it
// repeats is in no log line, on no page and in no error, whatever the client and wherever the server puts it.
import { afterEach, expect, it } from 'vitest';
import { type Answer, closeHostiles, startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { ModernClient } from '../../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../../peers/http/serving.ts';
import { StreamableClient } from '../../../peers/http/streamable-client.ts';

afterEach(closeServings);
afterEach(closeHostiles);

const TENANT = 'forwardedOk29dmwpa93';
const HEADER = 'operatorHj40slwpq71x';

const members = (echo: string): string => `"${echo}":1,"${echo}":2`;

/** What the server does with a header; to be told apart from an answer that works. */
const ECHOES: [string, (echo: string) => Record<string, Answer>][] = [
  ['the type of the content', (echo) => ({ 'tools/call': a.status(200, 'x', { 'content-type': `text/${echo}` }) })],
  ['the encoding of the content', (echo) => ({ 'tools/call': a.json('{}', { 'content-encoding': echo }) })],
  ['the id of an answer', (echo) => ({ 'tools/call': a.json(`{"jsonrpc":"2.0","id":"${echo}","result":{}}`) })],
  [
    'a long id that is cut',
    (echo) => ({ 'tools/call': a.json(`{"jsonrpc":"2.0","id":"${'x'.repeat(68)}${echo}","result":{}}`) }),
  ],
  ['the id of an event', (echo) => ({ 'tools/call': a.sse(a.event(`{"jsonrpc":"2.0","id":"${echo}","result":{}}`)) })],
  [
    'a name that comes twice',
    (echo) => ({
      'tools/call': (res, seen) => a.json(`{"jsonrpc":"2.0","id":${seen.id},"error":{${members(echo)}}}`)(res, seen),
    }),
  ],
  ['the body of a failure', (echo) => ({ 'tools/call': a.status(500, `you sent ${echo}`) })],
  ['a refusal', (echo) => ({ 'tools/call': a.status(403, `you sent ${echo}`) })],
  ['a redirect', (echo) => ({ 'tools/call': a.status(302, '', { location: `http://127.0.0.1:9/${echo}` }) })],
  [
    'a revision',
    (echo) => ({
      'server/discover': a.status(
        400,
        `{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"no","data":{"supported":["${echo}"]}}}`,
      ),
      initialize: a.status(
        400,
        `{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"no","data":{"supported":["${echo}"]}}}`,
      ),
    }),
  ],
];

/** The status page; from the first look on, it shows what happens. */
const pageOf = async (url: string): Promise<string> =>
  (await fetch(`${url}/`, { headers: { accept: 'text/html' } })).text();

it.each(ECHOES)('as %s', async (_, answers) => {
  for (const [name, secret] of [
    ['x-tenant', TENANT],
    ['x-key', HEADER],
  ] as const) {
    const server = await startHostile();
    for (const [kind, answer] of Object.entries(answers(secret))) server.on(kind, answer);
    const flags = ['--forward-header', 'X-Tenant', '-H', `X-Key: ${HEADER}`, '--log-level', 'debug'];
    const serving = await startServing(server.url, flags);
    const headers = { 'x-tenant': TENANT };
    const clients = [
      new StreamableClient(`${serving.url}/mcp`, { headers }),
      new ModernClient(`${serving.url}/mcp`, { headers }),
    ] as const;
    const shown: string[] = [];
    await pageOf(serving.url);
    let failed = 0;
    const tell = ({ message }: { message: { error?: unknown } }): void => {
      if (message.error) failed++;
      shown.push(JSON.stringify(message));
    };
    const opening = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    tell(await clients[0].call('initialize', opening));
    if (failed === 0) tell(await clients[0].call('tools/call', { name: 'echo', arguments: {} }));
    tell(await clients[1].call('tools/call', { name: 'echo', arguments: {} }));
    expect(failed).toBeGreaterThan(0);
    shown.push(await pageOf(serving.url), await (await fetch(`${serving.url}/metrics`)).text());
    for (const client of clients) client.vanish();
    await serving.stop();
    expect(server.requests.some((seen) => seen.headers[name] === secret)).toBe(true);
    // What is left of a secret that was cut counts, too.
    const begins = secret.slice(0, 10);
    const found = [serving.proxy.stderr, ...shown].flatMap((text) =>
      text.match(new RegExp(`.{0,80}${begins}.{0,20}`, 'g')),
    );
    expect(found.filter((text) => text !== null)).toEqual([]);
  }
});

it('as the name of a tool, which clients still see and can call', async () => {
  const server = await startHostile();
  const tools = [HEADER, 'other'].map((name) => ({ name, inputSchema: { type: 'object' } }));
  server.on('tools/list', a.reply({ tools }));
  const serving = await startServing(server.url, ['-H', `X-Key: ${HEADER}`, '--ignore-tool', 'x*']);
  await pageOf(serving.url);
  const client = new StreamableClient(`${serving.url}/mcp`);
  await client.initialize();
  expect((await client.request('tools/list')).tools).toEqual(tools);
  expect((await client.request('tools/call', { name: HEADER, arguments: {} })).content).toHaveLength(1);
  const page = await pageOf(serving.url);
  client.vanish();
  expect(page).toContain('other');
  expect(page).not.toContain(HEADER);
});

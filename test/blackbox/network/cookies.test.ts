// Load balancers use a cookie to keep a session on one node, so the program keeps cookies for as long as it runs.
import { afterEach, expect, it } from 'vitest';
import { type Answer, closeHostiles, closeLater, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { listenLoopback, readJson } from '../../peers/listen.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import type { RpcMessage } from '../../peers/rpc.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CALL = { name: 'echo', arguments: {} };

/** A correct answer to a call, which also sets a cookie. */
function setting(cookie: string): Answer {
  return (res, seen) => {
    res.setHeader('set-cookie', cookie);
    return a.reply({ content: [] })(res, seen);
  };
}

const cookiesOf = (header: string | undefined): string[] => (header ?? '').split(/;\s*/).filter(Boolean).sort();

it('a session stays on one of two nodes behind a load balancer with a cookie', async () => {
  const nodes = [new Set<string>(), new Set<string>()];
  let turn = 0;
  let opened = 0;
  const server = closeLater(
    await listenLoopback('/mcp', async (req, res) => {
      const named = /(?:^|; )node=(\d)/.exec(req.headers.cookie ?? '')?.[1];
      const number = named === undefined ? turn++ % 2 : Number(named);
      res.setHeader('set-cookie', `node=${number}; Path=/`);
      const message = req.method === 'POST' ? ((await readJson(req)) as RpcMessage) : undefined;
      const id = JSON.stringify(message?.id);
      const json = { 'content-type': 'application/json' };
      if (message?.method === 'initialize') {
        const session = `session-${++opened}`;
        nodes[number]?.add(session);
        const { protocolVersion } = message.params;
        const result = { protocolVersion, capabilities: {}, serverInfo: { name: 'node', version: '1' } };
        res.writeHead(200, { ...json, 'mcp-session-id': session }).end(a.resultText(id, result));
      } else if (!nodes[number]?.has(String(req.headers['mcp-session-id']))) {
        res.writeHead(404).end();
      } else if (!message) {
        res.writeHead(405).end();
      } else if (message.id === undefined) {
        res.writeHead(202).end();
      } else {
        res.writeHead(200, json).end(a.resultText(id, { node: number }));
      }
    }),
  );
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2025-06-18');
  const results = [];
  for (let n = 0; n < 4; n++) results.push(await proxy.rpc.request('ping'));
  expect(results).toEqual([{ node: 0 }, { node: 0 }, { node: 0 }, { node: 0 }]);
  expect(opened).toBe(1);
});

it('a cookie is sent from then on, until the server takes it away', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2025-06-18');
  server.once('tools/call', setting('node=1; Path=/'));
  server.once('tools/call', setting('node=1; Path=/; Max-Age=0'));
  for (let n = 0; n < 3; n++) await proxy.rpc.request('tools/call', CALL);
  expect(server.all('tools/call').map(({ headers }) => headers.cookie)).toEqual([undefined, 'node=1', undefined]);
});

it('a cookie goes only where its path covers', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2025-06-18');
  const { pathname } = new URL(server.url);
  server.once('tools/call', setting('elsewhere=1; Path=/elsewhere'));
  server.once('tools/call', setting(`alike=1; Path=${pathname.slice(0, -1)}`));
  server.once('tools/call', setting(`here=1; Path=${pathname}`));
  for (let n = 0; n < 4; n++) await proxy.rpc.request('tools/call', CALL);
  expect(server.all('tools/call').map(({ headers }) => headers.cookie)).toEqual([
    undefined,
    undefined,
    undefined,
    'here=1',
  ]);
});

it('cookies of the server join those of the user', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url, ['-H', 'Cookie: mine=1; also=2']);
  await proxy.rpc.initialize('2025-06-18');
  server.once('tools/call', setting('node=1; Path=/'));
  for (let n = 0; n < 2; n++) await proxy.rpc.request('tools/call', CALL);
  const sent = server.all('tools/call').map(({ headers }) => cookiesOf(headers.cookie));
  expect(sent).toEqual([
    ['also=2', 'mine=1'],
    ['also=2', 'mine=1', 'node=1'],
  ]);
});

it('no cookie is written to stderr', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url, ['--log-level', 'debug', '-H', 'Cookie: mine=users-own-value-1234']);
  await proxy.rpc.initialize('2025-06-18');
  server.once('tools/call', setting('node=set-by-server-5678; Path=/'));
  server.once('tools/call', a.status(500, 'crashed', { 'set-cookie': 'again=set-by-server-9999; Path=/' }));
  for (let n = 0; n < 3; n++) await proxy.rpc.exchange('tools/call', CALL);
  expect(server.all('tools/call')[2]?.headers.cookie).toContain('set-by-server-9999');
  await proxy.close();
  expect(proxy.stderr).not.toBe('');
  for (const secret of ['users-own-value-1234', 'set-by-server']) expect(proxy.stderr).not.toContain(secret);
});

// A server that spoke HTTP+SSE is replaced by one of Streamable HTTP: what the proxy remembers does no harm.
import { rmSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { closeHostiles, closeLater } from '../../peers/hostile.ts';
import { endpointEvent, regularAnswer } from '../../peers/hostile-sse.ts';
import { listenLoopback, readJson } from '../../peers/listen.ts';
import { closeProxies, privateHome, startProxy } from '../../peers/proxy.ts';
import type { RpcMessage } from '../../peers/rpc.ts';

const homes: string[] = [];
afterEach(closeProxies);
afterEach(closeHostiles);
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
});

it.each([
  ['200 and a web page', 200],
  ['403', 403],
  ['406', 406],
  ['501', 501],
])('a GET that is answered with %s now', async (_, getStatus) => {
  let replaced = false;
  let write = (_text: string): void => {};
  const seen: string[] = [];
  const server = closeLater(
    await listenLoopback('/mcp', async (req, res) => {
      const message = req.method === 'POST' ? ((await readJson(req)) as RpcMessage) : undefined;
      seen.push(`${req.method} ${message?.method ?? ''}`);
      if (!message) {
        if (req.method !== 'GET') return res.writeHead(405).end();
        if (replaced) return res.writeHead(getStatus, { 'content-type': 'text/html' }).end('<h1>hello</h1>');
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        write = (text) => void res.write(text);
        return write(endpointEvent('/message'));
      }
      const answer = regularAnswer({ message });
      if (!replaced) {
        if (req.url !== '/message') return res.writeHead(404).end();
        res.writeHead(202).end();
        return answer === undefined ? undefined : write(`data: ${answer}\n\n`);
      }
      if (answer === undefined) return res.writeHead(202).end();
      return res.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    }),
  );
  const home = privateHome();
  homes.push(home);
  const start = async (): Promise<string[]> => {
    seen.length = 0;
    const proxy = startProxy(server.url, [], { home });
    await proxy.rpc.initialize('2025-06-18');
    expect(await proxy.rpc.request('tools/list')).toMatchObject({ tools: [{ name: 'echo' }] });
    await proxy.close();
    return [...seen];
  };
  await start();
  expect((await start())[0]).toBe('GET ');
  replaced = true;
  expect((await start())[0]).toBe('GET ');
  expect((await start())[0]).toBe('POST initialize');
});

// A client that leaves just after it has opened: the stream that the proxy would now open for it at the server belongs
// to nobody, and a server without sessions cannot find that out in another way.
import { afterEach, expect, it } from 'vitest';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { listenLoopback, type Peer, readJson } from '../../peers/listen.ts';
import { closeProxies } from '../../peers/proxy.ts';
import type { RpcMessage } from '../../peers/rpc.ts';

afterEach(closeServings);
afterEach(closeProxies);

const peers: Peer[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.close();
});

const CLIENTS = 20;

/** Serves streams without sessions. */
async function startServer(): Promise<Peer & { readonly open: () => number; readonly served: () => number }> {
  let open = 0;
  let served = 0;
  const peer = await listenLoopback('/mcp', async (req, res) => {
    if (req.method === 'GET') {
      open += 1;
      served += 1;
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      res.once('close', () => {
        open -= 1;
      });
      return;
    }
    const { id, method, params } = ((await readJson(req)) ?? {}) as RpcMessage;
    if (id === undefined) {
      // Long enough for the client to be gone when this is answered.
      setTimeout(() => res.writeHead(202).end(), 100);
      return;
    }
    const { protocolVersion } = params ?? {};
    const opened = { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'sessionless', version: '1' } };
    const result = method === 'initialize' ? opened : {};
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  });
  peers.push(peer);
  return { ...peer, open: () => open, served: () => served };
}

it('streams at the server close when their clients are gone', async () => {
  const server = await startServer();
  const serving = await startServing(server.url, ['--transport', 'http-only']);
  const leave = async (): Promise<void> => {
    const client = new SseClient(`${serving.url}/sse`);
    await client.open();
    await client.initialize();
    client.vanish();
  };
  await Promise.all(Array.from({ length: CLIENTS }, leave));
  // A client that stays. Its stream is opened later than one for a client that left would have been.
  const staying = new StreamableClient(`${serving.url}/mcp`);
  await staying.initialize();
  await staying.listen();
  await expect.poll(() => server.served() > 0 && server.open(), { timeout: 60_000 }).toBe(1);
  await staying.close();
  await expect.poll(server.open, { timeout: 60_000 }).toBe(0);
});

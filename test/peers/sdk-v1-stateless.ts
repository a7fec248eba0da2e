// SDK v1 over Streamable HTTP without sessions: a server instance for each request, no GET stream.
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { bareBigIntegers } from './big-integers.ts';
import { listenLoopback, type Peer, readJson } from './listen.ts';
import { buildServerV1 } from './sdk-v1.ts';

export async function startSdkV1Stateless(): Promise<Peer> {
  return listenLoopback('/mcp', async (req, res) => {
    if (req.method !== 'POST') {
      const error = { code: -32000, message: 'Method not allowed.' };
      res.writeHead(405, { allow: 'POST', 'content-type': 'application/json' });
      res.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
      return;
    }
    bareBigIntegers(res);
    const body = await readJson(req);
    const server = buildServerV1();
    // Without a session id generator the transport is stateless.
    const transport = new StreamableHTTPServerTransport({});
    await server.connect(transport as Transport);
    res.once('close', () => void server.close());
    await transport.handleRequest(req, res, body);
  });
}

// SDK v1 over HTTP+SSE (2024-11-05): a GET stream for each session, and an endpoint to POST to.
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { bareBigIntegers } from './big-integers.ts';
import { listenLoopback, type Peer, readJson } from './listen.ts';
import { buildServerV1 } from './sdk-v1.ts';

export async function startSdkV1Sse(): Promise<Peer> {
  const sessions = new Map<string, SSEServerTransport>();
  const peer = await listenLoopback('/sse', async (req, res) => {
    bareBigIntegers(res);
    const { pathname, searchParams } = new URL(req.url ?? '', 'http://host');
    if (req.method === 'GET' && pathname === '/sse') {
      const transport = new SSEServerTransport('/message', res);
      sessions.set(transport.sessionId, transport);
      res.once('close', () => sessions.delete(transport.sessionId));
      // Everything that the server says goes to the one stream, so it is always there.
      await buildServerV1(Promise.resolve()).connect(transport);
      return;
    }
    const session = sessions.get(searchParams.get('sessionId') ?? '');
    if (req.method !== 'POST' || pathname !== '/message' || !session) {
      res.writeHead(404, { 'content-type': 'text/plain' }).end('not here');
      return;
    }
    await session.handlePostMessage(req, res, await readJson(req));
  });
  return {
    url: peer.url,
    async close() {
      await Promise.all([...sessions.values()].map((session) => session.close()));
      await peer.close();
    },
  };
}

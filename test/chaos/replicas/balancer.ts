// A load balancer that sends each request to the next replica, and to another one if that one takes no connection. It
// names the replica in each answer, so that a client can say which one held a connection that broke.
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** The header with the name of the replica that an answer came from, or that broke the connection. */
export const SERVED_BY = 'x-served-by';

export interface Backend {
  readonly name: string;
  readonly port: number;
}

export interface NamingBalancer {
  /** Without a path. */
  readonly url: string;
  add(backend: Backend): void;
  /** It gets no new requests; those that it has go on. */
  remove(backend: Backend): void;
  close(): Promise<void>;
}

const OF_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding'];

export async function startNamingBalancer(): Promise<NamingBalancer> {
  const backends: Backend[] = [];
  let next = 0;
  const server = http.createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of req) chunks.push(chunk as Buffer);
    } catch {
      // The client has left.
      return;
    }
    const first = next++;
    const order = backends.map((_, at) => backends[(first + at) % backends.length] as Backend);
    tryEach(order, { req, res, body: Buffer.concat(chunks) });
  });
  // A client must not send into a connection that is closing.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (backend) => void backends.push(backend),
    remove: (backend) => {
      const at = backends.indexOf(backend);
      if (at >= 0) backends.splice(at, 1);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Passing {
  readonly req: http.IncomingMessage;
  readonly res: http.ServerResponse;
  readonly body: Buffer;
}

function tryEach([backend, ...others]: readonly Backend[], passing: Passing): void {
  const { req, res, body } = passing;
  if (res.destroyed) return;
  if (!backend) {
    res.writeHead(502).end('no replica takes connections');
    return;
  }
  const passed = http.request(
    { host: '127.0.0.1', port: backend.port, method: req.method, path: req.url, headers: req.headers, agent: false },
    (answer) => {
      const headers = Object.entries(answer.headers).filter(([name]) => !OF_CONNECTION.includes(name));
      res.writeHead(answer.statusCode ?? 502, { ...Object.fromEntries(headers), [SERVED_BY]: backend.name });
      res.flushHeaders();
      answer.on('error', () => res.destroy()).pipe(res);
    },
  );
  passed.on('error', (error: NodeJS.ErrnoException) => {
    // Nothing was sent.
    if (error.code === 'ECONNREFUSED') tryEach(others, passing);
    else if (!res.headersSent) res.writeHead(502, { [SERVED_BY]: backend.name }).end(String(error));
  });
  res.once('close', () => passed.destroy());
  passed.end(body);
}

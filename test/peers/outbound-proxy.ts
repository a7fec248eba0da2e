// An HTTP proxy as companies run them: takes whole URLs and CONNECT, may ask for a password, and, unlike a real one,
// leads every host name to this machine.
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Peer } from './listen.ts';

export interface ProxiedRequest {
  /** CONNECT, or the method of a request that was passed on. */
  readonly method: string;
  /** host:port that was asked for. */
  readonly target: string;
  readonly headers: http.IncomingHttpHeaders;
}

export interface OutboundProxy extends Peer {
  readonly port: number;
  readonly requests: readonly ProxiedRequest[];
}

export interface OutboundProxyOptions {
  /** user:password that it asks for. */
  credentials?: string;
  /** Refuses everything in this way. */
  refuse?: { status: number; body: string };
}

export async function startOutboundProxy(options: OutboundProxyOptions = {}): Promise<OutboundProxy> {
  const requests: ProxiedRequest[] = [];
  const tunnels = new Set<Duplex>();
  const { credentials, refuse } = options;
  const expected = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;

  const refusal = (headers: http.IncomingHttpHeaders): { status: number; body: string } | undefined => {
    if (refuse) return refuse;
    if (expected === undefined || headers['proxy-authorization'] === expected) return undefined;
    return { status: 407, body: `who are you, ${headers['proxy-authorization'] ?? 'stranger'}?` };
  };

  const server = http.createServer((req, res) => {
    if (!URL.canParse(req.url ?? '')) {
      res.writeHead(400).end('not a request to a proxy');
      return;
    }
    const url = new URL(req.url ?? '');
    requests.push({ method: req.method ?? '', target: targetOf(url.host), headers: req.headers });
    const no = refusal(req.headers);
    if (no) {
      res
        .writeHead(no.status, { 'content-type': 'text/plain', 'proxy-authenticate': 'Basic realm="test"' })
        .end(no.body);
      return;
    }
    const headers = withoutHopByHop(req.headers);
    const { method } = req;
    const onward = http.request({
      host: '127.0.0.1',
      port: url.port || 80,
      method,
      path: url.pathname + url.search,
      headers,
    });
    onward.once('response', (answer) => {
      res.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.headers));
      res.flushHeaders();
      answer.pipe(res);
    });
    onward.once('error', () => res.destroy());
    res.once('close', () => onward.destroy());
    req.pipe(onward);
  });

  server.on('connect', (req: http.IncomingMessage, client: Duplex, head: Buffer) => {
    const target = targetOf(req.url ?? '');
    requests.push({ method: 'CONNECT', target, headers: req.headers });
    client.on('error', () => {});
    tunnels.add(client);
    client.once('close', () => tunnels.delete(client));
    const no = refusal(req.headers);
    if (no) {
      client.end(`HTTP/1.1 ${no.status} No\r\nContent-Length: ${no.body.length}\r\n\r\n${no.body}`);
      return;
    }
    const onward = net.connect(Number(target.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      onward.pipe(client);
      client.pipe(onward);
    });
    onward.once('error', () => client.destroy());
    client.once('close', () => onward.destroy());
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const tunnel of tunnels) tunnel.destroy();
      }),
  };
}

/** Headers that are about one connection only (RFC 9110, section 7.6.1). */
function withoutHopByHop(headers: http.IncomingHttpHeaders): http.IncomingHttpHeaders {
  const own = /^(connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*)$/;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.test(name)));
}

function targetOf(host: string): string {
  return /:\d+$/.test(host) ? host : `${host}:80`;
}

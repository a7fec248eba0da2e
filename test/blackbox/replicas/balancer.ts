// A load balancer that operators tell which replicas there are, as Kubernetes does: one goes out of it before it ends.
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Balancer {
  /** Without a path. */
  readonly url: string;
  add(port: number): void;
  remove(port: number): void;
  readonly close: () => Promise<void>;
}

export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const targets = [...ports];
  let next = 0;
  const server = http.createServer((req, res) => {
    const port = targets[next++ % targets.length];
    const passed = http.request(
      { host: '127.0.0.1', port, method: req.method, path: req.url, headers: req.headers, agent: false },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on('error', () => res.destroy()).pipe(res);
      },
    );
    passed.on('error', (error) => {
      if (!res.headersSent) res.writeHead(502).end(String(error));
    });
    res.on('close', () => passed.destroy());
    req.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (port) => void targets.push(port),
    remove: (port) => void targets.splice(targets.indexOf(port), 1),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

// A server that is down during one call: the client gets one error for that call, and its session goes on.
import net, { type AddressInfo, type Socket } from 'node:net';
import { listenLoopback } from '../peers/listen.ts';
import { clientsOf } from './pairs.ts';
import { type Era, runClient, type ServerName, startHttpMode, startServer, stdioProxy } from './peers.ts';
import type { Result } from './results.ts';

/** Connections are refused, or a gateway in front of the server answers. */
const WAYS_TO_BE_AWAY = ['refused', '502'] as const;
const SERVER: Record<Era, ServerName> = { legacy: 'python-1', modern: 'python-2' };

export async function whileAway(era: Era, home: string): Promise<Result[]> {
  const server = SERVER[era];
  const peer = await startServer(server, home, era);
  const results: Result[] = [];
  try {
    for (const client of clientsOf(era)) {
      for (const way of ['stdio', 'http']) {
        const relay = await startRelay(Number(new URL(peer.url).port));
        const proxy = way === 'http' ? await startHttpMode(relay.url) : undefined;
        const target = proxy ? [proxy.url] : stdioProxy(relay.url);
        const { values, stderr } = await runClient(client, era, target, home, { AWAY: relay.control });
        for (const how of WAYS_TO_BE_AWAY) {
          const value = [values.get(how), values.get(`after ${how}`)];
          const isRight = isErrorOfProxy(value[0]) && isAnswer(value[1]);
          const why = `${JSON.stringify(value)} ${values.size < 4 ? lastLine(stderr) : ''}`;
          const check = how === '502' ? 'HTTP 502 for one call' : 'refused for one call';
          results.push({ part: 'away', client, server, era, way, check, fault: isRight ? undefined : why });
        }
        await proxy?.close();
        await relay.close();
      }
    }
  } finally {
    await peer.close();
  }
  return results;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever a peer sent
const isErrorOfProxy = (value: any): boolean => value?.error?.code <= -31_001 && value.error.code >= -31_099;
// biome-ignore lint/suspicious/noExplicitAny: whatever a peer sent
const isAnswer = (value: any): boolean => value?.content?.[0]?.text === 'found';
const lastLine = (said: string): string => said.trim().split('\n').at(-1) ?? '';

interface Relay {
  /** The server behind it. */
  readonly url: string;
  /** Followed by /refused, /502 or /back. */
  readonly control: string;
  close(): Promise<void>;
}

async function startRelay(port: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let isGateway = false;
  const relay = net.createServer((socket) => {
    hold(socket);
    if (isGateway) {
      socket.once('data', () =>
        socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
      );
      return;
    }
    const behind = hold(net.connect(port, '127.0.0.1'));
    socket.pipe(behind).pipe(socket);
    socket.once('close', () => behind.destroy());
    behind.once('close', () => socket.destroy());
  });
  const hold = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  };
  const listen = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      relay.once('error', reject);
      relay.listen(at, '127.0.0.1', () => {
        relay.off('error', reject);
        resolve();
      });
    });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      relay.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });

  await listen(0);
  const own = (relay.address() as AddressInfo).port;
  const control = await listenLoopback('', async (req, res) => {
    const wanted = req.url?.slice(1);
    if (relay.listening) await stop();
    isGateway = wanted === '502';
    if (wanted !== 'refused') await listen(own);
    res.end();
  });
  return {
    url: `http://127.0.0.1:${own}/mcp`,
    control: control.url,
    async close() {
      if (relay.listening) await stop();
      await control.close();
    },
  };
}

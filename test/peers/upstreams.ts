// The same server behind every wire that leads to servers: what must be true in front of servers is tested on all of
// them. Calls of tools are left to the test, everything else gets its regular answer.
//
//   const { proxy, calls } = await upstream.start();
//   const answer = proxy.rpc.exchange('tools/call', …);
//   (await calls.nth(1)).answer('{"content":[]}');
import type net from 'node:net';
import { type Hostile, startHostile } from './hostile.ts';
import * as a from './hostile-answers.ts';
import { type Era, LEGACY, MODERN_ERA } from './hostile-eras.ts';
import { regularAnswer, regularPost, startHostileSse } from './hostile-sse.ts';
import { onLines, startPiped } from './local/piped-child.ts';
import { type ProxyOptions, type ProxyProcess, startProxy } from './proxy.ts';
import { MODERN, type RpcMessage } from './rpc.ts';
import { Watched } from './watched.ts';

/** A message that the server got and that is not one of those with a regular answer. */
export interface Arrived {
  /** As it was written. */
  readonly text: string;
  readonly message: RpcMessage;
  /** Sends a message on the way of its answer. */
  send(text: string): void;
  /** Answers it; the result as JSON text. */
  answer(result: string): void;
}

export interface Running {
  readonly proxy: ProxyProcess;
  readonly arrived: Watched<Arrived>;
  /** The n-th message with this method that the server got. */
  got(method: string, nth?: number): Promise<Arrived>;
}

export interface Upstream {
  readonly name: string;
  readonly era: Era;
  /** Starts the server, and the proxy with an open session. */
  start(flags?: string[], options?: ProxyOptions, capabilities?: object): Promise<Running>;
}

/** Tests close the peers of the wires, in this order: proxies, then these. */
const open: { close(): Promise<unknown> }[] = [];
export async function closeUpstreams(): Promise<void> {
  for (const peer of open.splice(0)) await peer.close();
}

function arrivals(): Pick<Running, 'arrived' | 'got'> {
  const arrived = new Watched<Arrived>('messages');
  return { arrived, got: (method, nth = 1) => arrived.nth(nth, ({ message }) => message.method === method) };
}

const answered = (id: unknown, result: string): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;

/** What the test does not answer itself. */
const isRegular = ({ method, id }: RpcMessage): boolean =>
  method !== undefined && id !== undefined && !/^(?:tools\/call|vendor\/)/.test(method);

async function opened(era: Era, proxy: ProxyProcess, capabilities: object): Promise<void> {
  if (era === MODERN_ERA) await era.open(proxy);
  else await proxy.rpc.initialize('2025-06-18', capabilities);
}

function streamable(era: Era): Upstream {
  return {
    name: era === LEGACY ? 'Streamable HTTP' : '2026-07-28 over HTTP',
    era,
    async start(flags = [], options = {}, capabilities = {}) {
      const { arrived, got } = arrivals();
      const server: Hostile = await startHostile();
      const held = a.openSse((res, { body, message }) => {
        arrived.add({
          text: body,
          message,
          send: (text) => void res.write(a.event(text)),
          answer: (result) => void res.end(a.event(answered(message.id, result))),
        });
      });
      for (const kind of ['tools/call', 'vendor/ask']) server.on(kind, held);
      if (era === LEGACY) server.on('server/discover', a.rpcError(-32601, 'Method not found'));
      for (const kind of ['notifications/cancelled', 'notifications/vendor', 'response']) {
        server.on(kind, (res, { body, message }) => {
          arrived.add({ text: body, message, send: () => {}, answer: () => {} });
          res.writeHead(202).end();
        });
      }
      const proxy = startProxy(server.url, flags, options);
      await opened(era, proxy, capabilities);
      return { proxy, arrived, got };
    },
  };
}

const overSse: Upstream = {
  name: 'HTTP+SSE',
  era: LEGACY,
  async start(flags = [], options = {}, capabilities = {}) {
    const { arrived, got } = arrivals();
    const server = await startHostileSse();
    server.post = (posted, stream, res) => {
      const { message, text } = posted;
      if (isRegular(message)) {
        regularPost(posted, stream, res);
        return;
      }
      res.writeHead(202).end();
      const answer = (result: string): void => stream.send(answered(message.id, result));
      arrived.add({ text, message, send: stream.send, answer });
    };
    const proxy = startProxy(server.url, flags, options);
    await opened(LEGACY, proxy, capabilities);
    return { proxy, arrived, got };
  },
};

const DISCOVERED = {
  resultType: 'complete',
  supportedVersions: [MODERN],
  capabilities: { tools: {} },
  ttlMs: 0,
  cacheScope: 'private',
  serverInfo: { name: 'local', version: '1.0.0' },
};

function local(era: Era): Upstream {
  return {
    name: era === LEGACY ? 'a local server' : 'a local server of 2026-07-28',
    era,
    async start(flags = [], options = {}, capabilities = {}) {
      const { arrived, got } = arrivals();
      const take = (socket: net.Socket, text: string): void => {
        const message = JSON.parse(text) as RpcMessage;
        const send = (line: string): void => void socket.write(`${line}\n`);
        const answer = (result: string): void => send(answered(message.id, result));
        if (era !== LEGACY && message.method === 'server/discover') answer(JSON.stringify(DISCOVERED));
        else if (isRegular(message)) send(regularAnswer({ message }) ?? '');
        else arrived.add({ text, message, send, answer });
      };
      const piped = await startPiped((socket) => {
        socket.on('error', () => {});
        onLines(socket, (text) => take(socket, text));
      });
      open.push(piped);
      const proxy = startProxy(undefined, [...flags, '--', ...piped.command], options);
      await opened(era, proxy, capabilities);
      return { proxy, arrived, got };
    },
  };
}

export const UPSTREAMS: readonly Upstream[] = [
  streamable(LEGACY),
  streamable(MODERN_ERA),
  overSse,
  local(LEGACY),
  local(MODERN_ERA),
];

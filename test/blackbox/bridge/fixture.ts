// A minimal server of 2026-07-28, and a client of an older revision in front of it.
import type { ServerResponse } from 'node:http';
import { type Message, modernServer, type Results, rpc } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { MODERN, type RpcClient } from '../../peers/rpc.ts';
import { answer, type Script, type ScriptedPeer, type Seen, startScripted } from '../../peers/scripted.ts';

export const open = opened();

const META = 'io.modelcontextprotocol/';

/** The names of the members of an envelope. */
export const VERSION = `${META}protocolVersion`;
export const INFO = `${META}clientInfo`;
export const CAPABILITIES = `${META}clientCapabilities`;
export const LOG_LEVEL = `${META}logLevel`;
export const SUBSCRIPTION = `${META}subscriptionId`;

export const CLIENT_INFO = { name: 'line-client', version: '1.0.0' };
export const CALL = { name: 'echo', arguments: {} };
/** Every kind of question that a client of 2025-11-25 can answer. */
export const ALL = { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true } };

/** A discover result with these capabilities. */
export const discovered = (capabilities: object, more: object = {}): string =>
  JSON.stringify({
    resultType: 'complete',
    supportedVersions: [MODERN],
    capabilities,
    ttlMs: 0,
    cacheScope: 'private',
    ...more,
  });

export interface Bridged {
  readonly server: ScriptedPeer;
  readonly proxy: ProxyProcess;
  readonly rpc: RpcClient;
}

export interface Client {
  readonly version?: string;
  readonly capabilities?: object;
}

/** A client that has opened a session with a server of these results, or with one that a script makes up. */
export async function bridged(given: Results | Script, client: Client = {}): Promise<Bridged> {
  const script = typeof given === 'function' ? given : modernServer(given);
  const server = await open(startScripted('/mcp', script));
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize(client.version ?? '2025-11-25', client.capabilities ?? ALL);
  return { server, proxy, rpc: proxy.rpc };
}

/** The texts of the requests of one method, in order. */
export const bodies = (server: ScriptedPeer, method: string): string[] =>
  server.requests.filter((seen) => rpc(seen).method === method).map(({ body }) => body);

/** The parameters of the requests of one method, in order. */
export const paramsOf = (server: ScriptedPeer, method: string): Message['params'][] =>
  bodies(server, method).map((body) => (JSON.parse(body) as Message).params);

/** An event stream as the answer to a request. */
export interface Stream {
  readonly id: string | number | undefined;
  readonly seen: Seen;
  send(message: object): void;
  /** Sends the result, and ends the stream. */
  finish(result: object): void;
  /** Ends the stream. */
  end(): void;
  /** Breaks the stream off. */
  cut(): void;
}

export function stream(seen: Seen, res: ServerResponse): Stream {
  const { id } = rpc(seen);
  res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  const send = (message: object): void => void res.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
  return {
    id,
    seen,
    send,
    finish(result) {
      send({ id, result });
      res.end();
    },
    end: () => void res.end(),
    cut: () => res.destroy(),
  };
}

/** A server whose answers to one method are event streams, which the test writes. */
export function streaming(method: string, take: (opened: Stream) => void, results: Results = {}): Script {
  const serve = modernServer(results);
  return (seen, res) => (rpc(seen).method === method ? take(stream(seen, res)) : serve(seen, res));
}

/** A server that refuses one method with an HTTP status. */
export function refusing(method: string, status: number, body: string, results: Results = {}): Script {
  const serve = modernServer(results);
  return (seen, res) =>
    rpc(seen).method === method ? answer(res, status, 'application/json', body) : serve(seen, res);
}

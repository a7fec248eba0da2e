// One HTTP exchange with the proxy exactly as it is on the wire: any method, any headers, any body, and nothing added.
import http from 'node:http';
import https from 'node:https';
import { modernParams, type RpcMessage, WAIT_MS } from '../../peers/rpc.ts';

export interface Ask {
  /** POST when there is a body, else GET. */
  method?: string;
  path?: string;
  /** `undefined` leaves out what would be sent by default. */
  headers?: Record<string, string | string[] | undefined>;
  /** An object is sent as JSON. */
  body?: string | Buffer | object;
  /** The certificate authority to trust. */
  ca?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; throws if it is none. */
  readonly json: RpcMessage;
}

export const BOTH = 'application/json, text/event-stream';

/** Sends a request on a connection of its own; `url` may have a path, which `ask.path` replaces. */
export function begin(url: string, ask: Ask = {}): http.ClientRequest {
  const { method, path, headers = {}, body, ca } = ask;
  const target = new URL(path ?? '', url);
  const text = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const all: Ask['headers'] = {
    ...(text === undefined ? {} : { 'content-type': 'application/json', accept: BOTH }),
    ...headers,
  };
  const sent = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const req = (target.protocol === 'https:' ? https : http).request(target, {
    method: method ?? (text === undefined ? 'GET' : 'POST'),
    headers: Object.fromEntries(sent),
    agent: false,
    ...(ca !== undefined && { ca }),
  });
  req.end(text);
  return req;
}

/** The whole answer. */
export function ask(url: string, what: Ask = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const req = begin(url, what);
    const timer = setTimeout(() => req.destroy(new Error(`no whole answer within ${WAIT_MS} ms`)), WAIT_MS);
    req.once('error', reject);
    req.once('close', () => clearTimeout(timer));
    req.once('response', (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.once('error', reject);
      res.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          text,
          get json() {
            // If the answer takes some seconds, it is the last event of a stream.
            const isStream = res.headers['content-type']?.startsWith('text/event-stream');
            const last = text.split('\n').findLast((line) => line.startsWith('data: {'));
            return JSON.parse(isStream && last ? last.slice('data: '.length) : text) as RpcMessage;
          },
        });
      });
    });
  });
}

// ---- messages --------------------------------------------------------------------------------------

export const request = (id: string | number, method: string, params?: object): object => ({
  jsonrpc: '2.0',
  id,
  method,
  ...(params && { params }),
});

export const notification = (method: string, params?: object): object => ({
  jsonrpc: '2.0',
  method,
  ...(params && { params }),
});

export const initialize = (protocolVersion = '2025-11-25', capabilities: object = {}): object =>
  request(0, 'initialize', { protocolVersion, capabilities, clientInfo: { name: 'raw', version: '1' } });

/** What a client of a revision with sessions sends with every request after `initialize`. */
export const inSession = (session: string, version = '2025-11-25'): Record<string, string> => ({
  'mcp-session-id': session,
  'mcp-protocol-version': version,
});

/** A request of revision 2026-07-28: the envelope is in the body, and the headers repeat parts of it. */
export function modern(method: string, params: object = {}, id: string | number = 1): Ask & { body: object } {
  const { name, uri } = params as { name?: string; uri?: string };
  const called = name ?? uri;
  return {
    body: request(id, method, modernParams(params)),
    headers: {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(called !== undefined && { 'mcp-name': called }),
    },
  };
}

/** Opens a session; returns its id once the server has got `notifications/initialized`. */
export async function openSession(url: string, version = '2025-11-25', headers: Ask['headers'] = {}): Promise<string> {
  const opened = await ask(url, { path: '/mcp', headers, body: initialize(version) });
  const session = opened.headers['mcp-session-id'];
  if (opened.status !== 200 || typeof session !== 'string') throw new Error(`${opened.status}: ${opened.text}`);
  const ready = await ask(url, {
    path: '/mcp',
    headers: { ...headers, ...inSession(session, version) },
    body: notification('notifications/initialized'),
  });
  if (ready.status !== 202) throw new Error(`${ready.status}: ${ready.text}`);
  return session;
}

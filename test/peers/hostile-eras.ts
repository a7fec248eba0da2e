// The two ways in which a client talks, so that one test covers both.
import type { ProxyProcess } from './proxy.ts';
import { modernParams, type Received } from './rpc.ts';

export interface Era {
  readonly name: 'legacy' | 'modern';
  /** Opens the connection. */
  open(proxy: ProxyProcess): Promise<unknown>;
  /** Sends a request; resolves with the answer, whether result or error. */
  ask(proxy: ProxyProcess, method: string, params?: object): Promise<Received>;
  /** The line of a request. */
  line(id: number | string, method: string, params?: object): string;
}

export const LEGACY: Era = {
  name: 'legacy',
  open: (proxy) => proxy.rpc.initialize('2025-11-25'),
  ask: (proxy, method, params = {}) => proxy.rpc.exchange(method, params),
  line: (id, method, params = {}) => JSON.stringify({ jsonrpc: '2.0', id, method, params }),
};

export const MODERN_ERA: Era = {
  name: 'modern',
  open: (proxy) => proxy.rpc.modern('server/discover'),
  ask: (proxy, method, params = {}) => proxy.rpc.exchange(method, modernParams(params)),
  line: (id, method, params = {}) => JSON.stringify({ jsonrpc: '2.0', id, method, params: modernParams(params) }),
};

export const ERAS = [LEGACY, MODERN_ERA] as const;

/** The lines on stdout that answer an id. */
export function answersTo(proxy: ProxyProcess, id: unknown): string[] {
  const key = JSON.stringify(id);
  return proxy.lines.filter((line) => {
    const message = JSON.parse(line) as { id?: unknown; method?: string };
    return message.method === undefined && JSON.stringify(message.id) === key;
  });
}

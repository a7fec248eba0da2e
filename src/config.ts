/** What the program is told to do. No parsing, no I/O. */
import type { Level } from './core/ports.ts';

/** Which transport is tried first, and whether the other one is tried at all. */
export const STRATEGIES = ['http-first', 'sse-first', 'http-only', 'sse-only'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface Config {
  /** The server's endpoint: `https:`, or `http:` (loopback, or with `allowHttp`). */
  readonly url: URL;
  readonly strategy: Strategy;
  /** Sent with every request to the server, names as given. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Patterns of tools to hide and to block; `*` matches any run of characters. */
  readonly ignoreTools: readonly string[];
  /** Allows an `http:` URL that is not loopback. */
  readonly allowHttp: boolean;
  /** Takes the outbound proxy from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
  readonly enableProxy: boolean;
  readonly logLevel: Level;
}

export const DEFAULTS = {
  strategy: 'http-first',
  headers: [],
  ignoreTools: [],
  allowHttp: false,
  enableProxy: false,
  logLevel: 'info',
} as const satisfies Partial<Config>;

/** Whether a host name means this very machine (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3). */
export function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** What every upstream transport gets, and what the session around the transports gets. */
import type { Strategy } from '../config.ts';
import type { Peer } from '../core/exchange.ts';
import type { Cookies, Fetch } from '../core/fetch.ts';
import type { Log, VerdictMemory } from '../core/ports.ts';

export interface UpstreamContext {
  readonly url: URL;
  readonly fetch: Fetch;
  /** Undefined: the cookies that all users of the server share. */
  readonly cookies?: Cookies | undefined;
  readonly log: Log;
  /** The client, for server messages that belong to no request. */
  readonly peer: Peer;
}

export interface ConnectOptions extends UpstreamContext {
  readonly strategy: Strategy;
  readonly memory: VerdictMemory;
  /** Whether any connection to the server has been established so far. */
  readonly connected: () => boolean;
  /** What to type instead of a URL or a transport that does not lead to an MCP server. Never rejects. */
  readonly advise: () => Promise<string | undefined>;
}

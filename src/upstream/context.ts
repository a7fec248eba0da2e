/** What every upstream transport is given. */
import type { Peer } from '../core/exchange.ts';
import type { Cookies, Fetch } from '../core/fetch.ts';
import type { Log } from '../core/ports.ts';

export interface UpstreamContext {
  readonly url: URL;
  readonly fetch: Fetch;
  /** Undefined: those that all users of the server share. */
  readonly cookies?: Cookies | undefined;
  readonly log: Log;
  /** The client, for everything the server says that belongs to no request. */
  readonly peer: Peer;
}

/** What every upstream transport is given. */
import type { Peer } from '../core/exchange.ts';
import type { Fetch, Log } from '../core/ports.ts';

export interface UpstreamContext {
  readonly url: URL;
  readonly fetch: Fetch;
  readonly log: Log;
  /** The client, for everything the server says that belongs to no request. */
  readonly peer: Peer;
}

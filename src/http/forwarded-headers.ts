/** The same server, seen by one of several clients: adds the headers that this client sends upstream. */
import type { Fetch } from '../core/fetch.ts';

type Headers = Readonly<Record<string, string>>;

/** @param forwarded what goes with the next request. */
export function personalFetch(fetch: Fetch, forwarded: () => Headers): Fetch {
  return (request) => fetch({ ...request, headers: { ...forwarded(), ...request.headers } });
}

/** The same server, seen by one of several clients: adds the headers that this client sends upstream. */
import { type Fetch, withHeaders } from '../core/fetch.ts';

type Headers = Readonly<Record<string, string>>;

/** @param forwarded what goes with the next request. */
export function personalFetch(fetch: Fetch, forwarded: () => Headers): Fetch {
  return (request) => fetch(withHeaders(request, { ...forwarded(), ...request.headers }));
}

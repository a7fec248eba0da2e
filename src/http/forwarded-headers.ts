/** The same server, seen by one of several clients: adds the headers that this client sends upstream. */
import { type Fetch, withHeaders } from '../core/fetch.ts';

type ForwardedValues = Readonly<Record<string, string>>;

/** @param forwarded what goes with the next request. */
export function personalFetch(fetch: Fetch, forwarded: () => ForwardedValues): Fetch {
  return (request) => fetch(withHeaders(request, { ...forwarded(), ...request.headers }));
}

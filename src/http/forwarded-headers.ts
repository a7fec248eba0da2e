/** The same server with what one of several clients sends along: the headers of its own that go upstream. */
import type { Fetch } from '../core/fetch.ts';

type Headers = Readonly<Record<string, string>>;

/** @param forwarded what goes along with the next request. */
export function personalFetch(fetch: Fetch, forwarded: () => Headers): Fetch {
  return (request) => fetch({ ...request, headers: { ...forwarded(), ...request.headers } });
}

/** Reports requests that get no response for a while, so that users know what the proxy is waiting for. */
import type { Fetch } from '../core/fetch.ts';

export interface Slow {
  /** Milliseconds without a response before the report. */
  readonly after: number;
  readonly tell: (url: URL) => void;
  /** Requests to this URL are not reported here. */
  readonly except?: URL | undefined;
}

export function tellWhenSlow(fetch: Fetch, { after, tell, except }: Slow): Fetch {
  const timed: Fetch = async (request) => {
    const timer = setTimeout(() => tell(request.url), after);
    try {
      return await fetch(request);
    } finally {
      clearTimeout(timer);
    }
  };
  return (request) => (request.url === except ? fetch(request) : timed(request));
}

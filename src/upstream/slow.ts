/** Tells of requests that are not answered for a while, so that nobody has to guess what is waited for. */
import type { Fetch } from '../core/fetch.ts';

export interface Slow {
  /** Milliseconds without a response after which it is told. */
  readonly after: number;
  readonly tell: (url: URL) => void;
  /** Requests to this URL are left to others. */
  readonly except?: URL | undefined;
}

export function tellWhenSlow(fetch: Fetch, { after, tell, except }: Slow): Fetch {
  return async (request) => {
    if (request.url === except) return fetch(request);
    const timer = setTimeout(() => tell(request.url), after);
    try {
      return await fetch(request);
    } finally {
      clearTimeout(timer);
    }
  };
}

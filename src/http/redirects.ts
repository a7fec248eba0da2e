/**
 * Remembers permanent redirects (RFC 9110, sections 15.4.2 and 15.4.9) for as long as the process
 * lives: otherwise every call would cost two requests.
 */
import type { HttpRequest } from '../core/fetch.ts';

/** How many redirects to remember. */
const MAX_REMEMBERED = 100;

export function isPermanent(status: number): boolean {
  return status === 301 || status === 308;
}

export class PermanentRedirects {
  /** By the cookie jar of the requests: a redirect for one client does not apply to the others. */
  readonly #targets = new WeakMap<object, Map<string, URL>>();
  readonly #shared = {};
  #any = false;

  /** The URL to send a request to. */
  target(request: HttpRequest): URL {
    if (!this.#any || request.redirect === 'manual') return request.url;
    return this.#of(request)?.get(keyOf(request)) ?? request.url;
  }

  /** Notes where permanent redirects led a request, and the status that it got there. */
  learn(request: HttpRequest, target: URL, status: number): void {
    if (target === request.url || request.redirect === 'manual') return;
    const targets = this.#of(request) ?? new Map<string, URL>();
    // If the new address is gone, the redirect may have been wrong; a server may also take its redirect back.
    const over = status === 404 || status === 410 || target.href === request.url.href;
    if (over) targets.delete(keyOf(request));
    else if (targets.size < MAX_REMEMBERED) {
      targets.set(keyOf(request), target);
      this.#targets.set(request.cookies ?? this.#shared, targets);
      this.#any = true;
    }
  }

  #of(request: HttpRequest): Map<string, URL> | undefined {
    return this.#targets.get(request.cookies ?? this.#shared);
  }
}

/** The redirect policy depends on the method, so redirects are remembered for each method separately. */
function keyOf({ method, url }: HttpRequest): string {
  return `${method} ${url.href}`;
}

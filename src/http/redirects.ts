/** Which redirects a request follows (RFC 9110, section 15.4), and what is remembered of the permanent ones. */
import type { HttpRequest, HttpResponse } from '../core/fetch.ts';
import { showUrl } from '../core/redact.ts';
import { plainUrl } from '../core/shell-safe-url.ts';
import { parseUrl } from '../core/url.ts';
import { ProxyError } from '../errors.ts';

const MAX_REDIRECTS = 5;

/** How many redirects to remember. */
const MAX_REMEMBERED = 100;

export function isPermanent(status: number): boolean {
  return status === 301 || status === 308;
}

/** Where a response redirects to, if the request follows redirects. */
export function redirectTarget(request: HttpRequest, response: HttpResponse, url: URL): URL | undefined {
  if (response.status < 300 || request.redirect === 'manual') return undefined;
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.location;
  return typeof location === 'string' ? parseUrl(location, url) : undefined;
}

/** The URL to go on with. Throws if going on would change the method or carry credentials elsewhere. */
export function checkRedirect(request: HttpRequest, from: URL, to: URL, status: number, hops: number): URL {
  const where = `${showUrl(from)} redirects to ${showUrl(to)}`;
  // Servers behind a load balancer that ends TLS often redirect to the address that they see themselves.
  const downgrade = from.protocol === 'https:' && to.protocol === 'http:' && from.hostname === to.hostname;
  const better = downgrade ? new URL(to.pathname, from.origin) : undefined;
  // The server chose the path, and the user may copy it into a shell.
  const hint = better
    ? `try ${plainUrl(better)}`
    : 'if the new address is the MCP endpoint, use it as the URL; if it is a sign-in page, give the credentials with --header';
  const data = { httpStatus: status, hint };
  if (hops >= MAX_REDIRECTS)
    throw new ProxyError('failed', `${showUrl(request.url)} redirects in a loop`, {
      httpStatus: status,
      hint: 'check the URL; if it is right, tell the operator of the server',
    });
  if (to.origin !== from.origin)
    throw new ProxyError('failed', `${where}, and the proxy does not follow redirects to another origin`, data);
  if (request.method !== 'GET' && status !== 307 && status !== 308) {
    throw new ProxyError('failed', `${where} with HTTP ${status}, and such a redirect would lose the message`, data);
  }
  return to;
}

/** Remembers permanent redirects for as long as the process lives: otherwise every call would cost two requests. */
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

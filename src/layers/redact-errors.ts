/**
 * Makes the proxy's own errors safe to show. A server's error page may repeat the request, and hosts write errors to
 * terminals.
 */
import { type Layer, requestLayer } from '../core/layer.ts';
import { type Redact, withoutControls } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';

/** The number of bytes of a server's body to show. */
const EXCERPT = 200;

export function redactErrors(hide: Redact): Layer {
  return hideInErrors((text) => withoutControls(hide(text)), EXCERPT);
}

/**
 * The same for the secrets of one client, next to the server. It does not cut the body: a secret that other layers know
 * must be whole when they look for it.
 */
export function hideInErrors(redact: Redact, excerpt = Number.POSITIVE_INFINITY): Layer {
  return requestLayer(
    (next) => (exchange) =>
      next(exchange).catch((error: unknown) => {
        throw error instanceof ProxyError ? hidden(error, redact, excerpt) : error;
      }),
  );
}

function hidden(error: ProxyError, redact: Redact, excerpt: number): ProxyError {
  const { signIn } = error.data;
  // The sign-in URL may repeat parts of the configuration, and would not work without them.
  const message = signIn === undefined ? redact(error.message) : aroundUrl(error.message, signIn, redact);
  const data = Object.entries(error.data).map(([key, value]: [string, unknown]) => {
    if (Array.isArray(value)) return [key, value.map(redact)];
    if (typeof value !== 'string' || key === 'signIn') return [key, value];
    return [key, key === 'body' ? start(redact(value), excerpt) : redact(value)];
  });
  // Keep the class and the other members: the bridges tell errors apart by them.
  return Object.create(error, { message: { value: message }, data: { value: Object.fromEntries(data) } });
}

function aroundUrl(message: string, url: string, redact: Redact): string {
  return message.split(url).map(redact).join(url);
}

/** The first bytes of a text, whole characters only. */
function start(text: string, bytes: number): string {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, bytes), { stream: true });
}

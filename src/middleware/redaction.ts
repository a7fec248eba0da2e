/** Keeps secrets out of the errors that the proxy itself reports: a server may echo in its error page what it was sent. */
import type { Middleware } from '../core/exchange.ts';
import type { Redact } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';

/** Bytes of a server's body that are shown. */
const EXCERPT = 200;

export function redactErrors(redact: Redact): Middleware {
  return (next) => (exchange) =>
    next(exchange).catch((error: unknown) => {
      if (!(error instanceof ProxyError)) throw error;
      const { body, hint } = error.data;
      const data = {
        ...error.data,
        ...(body !== undefined && { body: start(redact(body)) }),
        ...(hint !== undefined && { hint: redact(hint) }),
      };
      throw new ProxyError(error.code, redact(error.message), data, error.cause);
    });
}

/** The first bytes of a text, whole characters only. */
function start(text: string): string {
  const bytes = new TextEncoder().encode(text).subarray(0, EXCERPT);
  return new TextDecoder().decode(bytes, { stream: true });
}

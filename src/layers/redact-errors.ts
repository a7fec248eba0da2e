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
  const redact: Redact = (text) => withoutControls(hide(text));
  return requestLayer(
    (next) => (exchange) =>
      next(exchange).catch((error: unknown) => {
        if (!(error instanceof ProxyError)) throw error;
        const { body, hint, signIn } = error.data;
        // The sign-in URL may repeat parts of the configuration, and would not work without them.
        const message = signIn === undefined ? redact(error.message) : aroundUrl(error.message, signIn, redact);
        const data = {
          ...error.data,
          ...(body !== undefined && { body: start(redact(body)) }),
          ...(hint !== undefined && { hint: redact(hint) }),
        };
        throw new ProxyError(error.code, message, data, error.cause);
      }),
  );
}

function aroundUrl(message: string, url: string, redact: Redact): string {
  return message.split(url).map(redact).join(url);
}

/** The first bytes of a text, whole characters only. */
function start(text: string): string {
  const bytes = new TextEncoder().encode(text).subarray(0, EXCERPT);
  return new TextDecoder().decode(bytes, { stream: true });
}

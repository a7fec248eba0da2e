/**
 * Puts a modern client in front of a legacy server, for a client that was promised the modern era before the proxy
 * could ask the server.
 */
import type { Handler } from '../../core/exchange.ts';
import { changed, type Layer } from '../../core/layer.ts';
import { ProxyError } from '../../errors.ts';
import type { LegacyServer } from './legacy-server.ts';

/**
 * Bridges clients that rely on the promise. All others get the server's own answer, and can open again.
 * @param version of this program, for a server whose client does not give its own
 */
export function downgrade(version: string): Layer {
  return (inner) => (client) => {
    const server = inner(client);
    const next: Handler = (exchange) => server.request(exchange);
    let bridge: Promise<LegacyServer> | undefined;
    const request: Handler = (exchange) => {
      // A client that opens a session itself no longer relies on a promise.
      if (exchange.call.method === 'initialize') bridge = undefined;
      if (bridge) return bridge.then((legacy) => legacy.request(exchange));
      if (!exchange.promised) return next(exchange);
      return next(exchange).catch((error: unknown) => {
        const crosses = error instanceof ProxyError && error.code === 'no-common-version' && server.era === 'legacy';
        if (!crosses || exchange.promised?.() !== 'modern') throw error;
        bridge ??= import('./legacy-server.ts').then(
          ({ LegacyServer }) => new LegacyServer(next, (call) => server.notify(call), version),
        );
        return bridge.then((legacy) => legacy.request(exchange));
      });
    };
    return changed(server, { request });
  };
}

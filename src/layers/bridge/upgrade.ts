/** Puts a client of an older revision in front of a server of 2026-07-28. */
import type { Exchange, Handler } from '../../core/exchange.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import { changed, type Layer } from '../../core/layer.ts';
import type { Log } from '../../core/ports.ts';
import { ModernOnly } from '../../errors.ts';
import type { ModernServer } from './modern-server.ts';

export interface UpgradeOptions {
  readonly log: Log;
  /** The host of the server, which names a server that does not name itself. */
  readonly host: string;
}

/** Bridges the clients whose `initialize` the server has no answer to, or no session for. */
export function upgrade(options: UpgradeOptions): Layer {
  return (inner) => (client) => {
    const server = inner(client);
    const parts = { ...options, server, client };
    let bridge: ModernServer | undefined;
    /** Settles when it is known whether the client needs the bridge. */
    let opening: Promise<unknown> | undefined;
    let initialized = false;

    /** Resolves with the answer, and with the wait for what must be known before the next request. */
    const open = async (exchange: Exchange): Promise<{ reply: Reply; settled?: unknown }> => {
      initialized = false;
      bridge?.end();
      bridge = undefined;
      try {
        const reply = await server.request(exchange);
        const settled = server.modernLeg?.(exchange, reply)?.then(async (discovered) => {
          if (!discovered) return;
          bridge = (await crossing()).bridgeTo(discovered, exchange.call, parts);
          if (initialized) bridge.ready();
        });
        return { reply, settled };
      } catch (error) {
        if (!(error instanceof ModernOnly)) throw error;
        const found = await (await crossing()).cross(exchange, error, parts);
        bridge = found.bridge;
        return found;
      }
    };
    const request: Handler = (exchange) => {
      if (opening) return opening.then(() => request(exchange));
      if (exchange.call.method !== 'initialize') return (bridge ?? server).request(exchange);
      const opened = open(exchange);
      const settled = opened.then((done) => done.settled).catch(() => {});
      opening = settled.then(() => {
        opening = undefined;
      });
      return opened.then(({ reply }) => reply);
    };
    const notify = (call: Call): Promise<void> | undefined => {
      if (opening) return opening.then(() => notify(call));
      if (call.method === 'notifications/initialized') initialized = true;
      return (bridge ?? server).notify(call);
    };
    return changed(server, {
      request,
      notify,
      close(limit) {
        bridge?.end();
        return server.close(limit);
      },
    });
  };
}

/** Loaded on demand: most servers speak an era of their client. */
function crossing(): Promise<typeof import('./crossing.ts')> {
  return import('./crossing.ts');
}

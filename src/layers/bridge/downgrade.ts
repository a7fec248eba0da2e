/**
 * Bridges a modern client to a legacy server. Clients and servers of the same era pass: their requests go straight to
 * the server, whose answer to the first one shows which era it speaks.
 */
import type { Exchange, Handler } from '../../core/exchange.ts';
import { JsonError } from '../../core/json.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import type { Connect, Layer } from '../../core/layer.ts';
import { LegacyOnly } from '../../errors.ts';
import { declaredRevision } from '../../mcp/envelope.ts';
import type { Bridge } from './held/bridge.ts';

/** Makes the bridge of one client to the server that `connect` opens sessions with. */
export type MakeBridge = (connect: Connect) => Promise<Bridge>;

/** @param makeBridge loads the bridge: most clients do not need it. */
export function downgrade(makeBridge: MakeBridge): Layer {
  return (inner) => (client) => {
    const server = inner(client);
    let bridge: Bridge | undefined;
    let making: Promise<Bridge> | undefined;
    const cross = async (exchange: Exchange, error: unknown): Promise<Reply> => {
      if (!(error instanceof LegacyOnly)) throw error;
      making ??= makeBridge(inner);
      bridge = await making;
      return error.result ? bridge.ran(exchange, error.result) : bridge.request(exchange);
    };
    const request: Handler = (exchange) => {
      // A bridge without a session knows no more of the server than a new client does.
      if (bridge && !bridge.empty && isModern(exchange.call)) return bridge.request(exchange);
      if (exchange.call.method === 'initialize') bridge?.closeUnused();
      // A modern server has shown that it needs no bridge.
      if (server.era === 'modern') return server.request(exchange);
      return server.request(exchange).catch((error: unknown) => cross(exchange, error));
    };
    return {
      request,
      notify: (call) => (bridge && isModern(call) ? bridge.notify(call) : server.notify(call)),
      get established() {
        return server.established || (bridge?.established ?? false);
      },
      get era() {
        return server.era;
      },
      async close(limit) {
        await Promise.all([making?.then((made) => made.close(limit)), server.close(limit)]);
      },
    };
  };
}

/** Whether a message is of the modern era; the server judges one that cannot be read. */
function isModern(call: Call): boolean {
  if (call.method === 'server/discover') return true;
  try {
    return declaredRevision(call) !== undefined;
  } catch (error) {
    if (error instanceof JsonError) return false;
    throw error;
  }
}

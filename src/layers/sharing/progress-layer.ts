/** Progress tokens of several clients in one session: each request gets its own (`wire/progress-tokens.ts`). */
import { derived } from '../../core/exchange.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { changed, type Layer } from '../../core/layer.ts';
import { PROGRESS, ProgressTokens } from '../../wire/progress-tokens.ts';

/**
 * Gives each request its own token at the server, and passes each progress notification to the client of its request.
 */
export function progressTokens(): Layer {
  return (inner) => (client) => {
    const tokens = new ProgressTokens();
    const server = inner({
      notify(note) {
        if (note.method !== PROGRESS) return client.notify(note);
        tokens.passIfRoom(note);
        return undefined;
      },
      ask: (call, signal) => client.ask(call, signal),
      room: () => client.room(),
    });
    return changed(server, {
      async request(exchange) {
        const replaced = tokens.replace(exchange.call, exchange);
        const notify = (note: Call): Promise<void> | undefined =>
          note.method === PROGRESS ? tokens.pass(note) : exchange.notify(note);
        try {
          return await server.request(derived(exchange, { call: replaced?.call ?? exchange.call, notify }));
        } finally {
          replaced?.end();
        }
      },
    });
  };
}

// An example of a layer: logs what passes, in all four directions.
import type { Layer } from '../../../../src/core/layer.ts';
import { changed } from '../../../../src/core/layer.ts';

export function logging(write: (line: string) => void): Layer {
  return (inner) => (client) => {
    const server = inner({
      notify(call) {
        write(`server tells ${call.method}`);
        return client.notify(call);
      },
      ask(call, signal) {
        write(`server asks ${call.method}`);
        return client.ask(call, signal);
      },
      room: () => client.room(),
    });
    return changed(server, {
      request(exchange) {
        write(`client asks ${exchange.call.method}`);
        return server.request(exchange);
      },
      notify(call) {
        write(`client tells ${call.method}`);
        return server.notify(call);
      },
    });
  };
}

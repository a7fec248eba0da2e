/** The requests of a legacy server (sampling, elicitation, roots) that the client is answering. */
import { Cancellation } from '../core/cancel.ts';
import { Cancelled, type Peer } from '../core/exchange.ts';
import { type Call, type Id, idKey, type Reply } from '../core/jsonrpc.ts';
import { cancelledId } from '../wire/link.ts';
import { replyFrom } from '../wire/replies.ts';

/** Brings the answer to the server. Never rejects. */
export type Deliver = (id: Id, reply: Reply, call: Call) => Promise<void>;

export class Questions {
  readonly #deliver: Deliver;
  readonly #open = new Map<string, Cancellation>();

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  /** Puts a question of the server to the client, and delivers the answer under the server's own id. */
  put(id: Id, call: Call, client: Peer): void {
    const key = idKey(id);
    const abort = new Cancellation();
    this.#open.set(key, abort);
    client
      .ask(call, abort.signal)
      .catch(replyFrom)
      .then((reply) => {
        if (this.#open.get(key) === abort) this.#open.delete(key);
        // Whoever cancelled a request expects no answer to it.
        return abort.signal.aborted ? undefined : this.#deliver(id, reply, call);
      });
  }

  /** The server withdraws a question: the client is told so. */
  cancel(call: Call): void {
    const id = call.params && cancelledId(call.params);
    if (id !== undefined) this.#open.get(idKey(id))?.abort(new Cancelled(call));
  }
}

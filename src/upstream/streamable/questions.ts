/** The requests of a legacy server (sampling, elicitation, roots) that the client is answering. */
import { Cancellation } from '../../core/cancel.ts';
import { Cancelled, type Peer } from '../../core/exchange.ts';
import { type Id, idKey } from '../../core/ids.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import { ProxyError } from '../../errors.ts';
import { cancelledId } from '../../mcp/cancelled.ts';
import { replyFrom } from '../../wire/replies.ts';

/** Further questions are refused: no server asks a person that much at once. */
const MAX_OPEN = 1_000;
/** Bytes of their parameters together; a question is always put to the client while no other one waits. */
const MAX_BYTES = 64 * 1_048_576;

/** Ends the call during which the server asked: it waits for an answer that cannot reach it. */
export type Undelivered = (error: Error) => void;

/** Delivers the answer to the server. Never rejects. */
export type Deliver = (id: Id, reply: Reply, call: Call, failed?: Undelivered) => Promise<void>;

export class Questions {
  readonly #deliver: Deliver;
  readonly #open = new Map<string, Cancellation>();
  #bytes = 0;

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  /**
   * Puts a question of the server to the client, and delivers the answer under the server's own
   * id. Returns a promise when the client reads more slowly than the server asks.
   */
  put(id: Id, call: Call, client: Peer, failed?: Undelivered): Promise<void> | undefined {
    const key = idKey(id);
    const size = call.params?.length ?? 0;
    const isTooLarge = this.#open.size > 0 && this.#bytes + size > MAX_BYTES;
    if (isTooLarge || this.#open.size >= MAX_OPEN) {
      const error = new ProxyError('limit', 'too many questions, or too large, wait for answers of the client');
      return this.#deliver(id, replyFrom(error), call, failed);
    }
    const abort = new Cancellation();
    this.#open.set(key, abort);
    this.#bytes += size;
    client
      .ask(call, abort.signal)
      .catch(replyFrom)
      .then((reply) => {
        this.#bytes -= size;
        if (this.#open.get(key) === abort) this.#open.delete(key);
        // A server that cancelled its request expects no answer.
        return abort.signal.aborted ? undefined : this.#deliver(id, reply, call, failed);
      });
    return client.room();
  }

  /** The server withdraws a question: tells the client so. */
  cancel(call: Call): void {
    const id = call.params && cancelledId(call.params);
    if (id !== undefined) this.#open.get(idKey(id))?.abort(new Cancelled(call));
  }
}

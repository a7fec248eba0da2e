/** A client with one session, which asks one thing at a time. */
import { Cancellation, type CancelSignal } from '../../../../core/cancel.ts';
import type { Era, Exchange, Peer, Session } from '../../../../core/exchange.ts';
import { type Json, peek, peekText } from '../../../../core/json.ts';
import { type Call, errorReply, METHOD_NOT_FOUND } from '../../../../core/jsonrpc.ts';
import { printable } from '../../../../core/redact.ts';
import { ProxyError } from '../../../../errors.ts';

/** The client has nothing that a server may ask for. */
const PEER: Peer = {
  notify: () => undefined,
  ask: () => Promise.resolve(errorReply(METHOD_NOT_FOUND, 'Method not found')),
  room: () => undefined,
};

export class Client {
  readonly #session: Session;

  constructor(connect: (peer: Peer) => Session) {
    this.#session = connect(PEER);
  }

  /** What the server turned out to speak; undefined before it has answered. */
  get era(): Era | undefined {
    return this.#session.era;
  }

  /** The result. Rejects with a ProxyError: why there is none, or what error the server answers with. */
  async ask(call: Call, signal: CancelSignal): Promise<Json> {
    const reply = await this.#session.request(exchangeOf(call, signal));
    if ('result' in reply) return reply.result;
    const code = peek(reply.error, 'code')?.toString('utf8', 0, 20);
    const message = printable(peekText(reply.error, 'message') ?? 'without a message', 200);
    throw new ProxyError('failed', `the server answers ${call.method} with the error ${code}: ${message}`);
  }

  notify(call: Call): void {
    this.#session.notify(call)?.catch(() => {});
  }

  /** Ends the session within `limit` milliseconds. */
  close(limit: number): Promise<void> {
    return this.#session.close(limit);
  }
}

function exchangeOf(call: Call, signal: CancelSignal): Exchange {
  const cancellation = new Cancellation();
  signal.addEventListener('abort', () => cancellation.abort(signal.reason), { once: true });
  return { ...PEER, call, signal: cancellation.signal, abort: (error) => cancellation.abort(error) };
}

/** Records what passes in all four directions, on one side of the other layers. Changes nothing. */
import type { CancelSignal } from '../../core/cancel.ts';
import { derived, type Exchange, type Peer } from '../../core/exchange.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import { changed, type Layer } from '../../core/layer.ts';
import type { EventOf, Leg, Payload } from '../../wire/recording.ts';
import { replyFrom } from '../../wire/replies.ts';

/** An event before its time is known. */
export type NewEvent = Omit<EventOf, 'time'> & Payload & { readonly during?: string | undefined };

/** @param put keeps an event; never throws */
export function capture(leg: Leg, put: (event: NewEvent) => void): Layer {
  let sessions = 0;
  return (inner) => (client) => {
    const session = new CapturedSession(put, leg, ++sessions, client);
    const opened = inner(session.peer());
    return changed(opened, {
      request: (exchange) => session.request(exchange, (own) => opened.request(own)),
      notify: (call) => {
        session.notified(call);
        return opened.notify(call);
      },
    });
  };
}

class CapturedSession {
  readonly #put: (event: NewEvent) => void;
  readonly #of: { readonly leg: Leg; readonly session: number };
  readonly #client: Peer;
  #requests = 0;
  #questions = 0;

  constructor(put: (event: NewEvent) => void, leg: Leg, session: number, client: Peer) {
    this.#put = put;
    this.#of = { leg, session };
    this.#client = client;
  }

  async request(exchange: Exchange, next: (exchange: Exchange) => Promise<Reply>): Promise<Reply> {
    const id = `c${++this.#requests}`;
    const { method, params } = exchange.call;
    this.#put({ ...this.#of, from: 'client', kind: 'request', id, method, params });
    const onAbort = (): void => this.#put({ ...this.#of, from: 'client', kind: 'cancel', id });
    exchange.signal.addEventListener('abort', onAbort, { once: true });
    try {
      const reply = await next(derived(exchange, this.peer(exchange, id)));
      this.#answered('server', id, reply);
      return reply;
    } catch (error) {
      if (!exchange.signal.aborted) this.#answered('server', id, replyFrom(error));
      throw error;
    } finally {
      exchange.signal.removeEventListener('abort', onAbort);
    }
  }

  notified({ method, params }: Call): void {
    this.#put({ ...this.#of, from: 'client', kind: 'notification', method, params });
  }

  /** The client as the server sees it, within one of its requests or outside. */
  peer(client: Peer = this.#client, during?: string): Peer {
    return {
      notify: (call) => {
        const { method, params } = call;
        this.#put({ ...this.#of, from: 'server', during, kind: 'notification', method, params });
        return client.notify(call);
      },
      ask: (call, signal) => this.#ask(call, signal, client, during),
      room: () => client.room(),
    };
  }

  async #ask(call: Call, signal: CancelSignal, client: Peer, during: string | undefined): Promise<Reply> {
    const id = `s${++this.#questions}`;
    const { method, params } = call;
    this.#put({ ...this.#of, from: 'server', during, kind: 'request', id, method, params });
    const onAbort = (): void => this.#put({ ...this.#of, from: 'server', during, kind: 'cancel', id });
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const reply = await client.ask(call, signal);
      this.#answered('client', id, reply);
      return reply;
    } catch (error) {
      if (!signal.aborted) this.#answered('client', id, replyFrom(error));
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #answered(from: 'client' | 'server', id: string, reply: Reply): void {
    const payload: Payload =
      'result' in reply ? { kind: 'result', id, payload: reply.result } : { kind: 'error', id, payload: reply.error };
    this.#put({ ...this.#of, from, ...payload });
  }
}

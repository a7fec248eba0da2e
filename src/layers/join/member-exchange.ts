/** A request of the client on its way to one of several servers. */
import type { CancelSignal } from '../../core/cancel.ts';
import type { Exchange } from '../../core/exchange.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';

/** Passes a notification of a server on to the client, or keeps it. */
export type Told = (note: Call, pass: (note: Call) => Promise<void> | undefined) => Promise<void> | undefined;

export class MemberExchange implements Exchange {
  readonly call: Call;
  readonly #inner: Exchange;
  readonly #told: Told;

  /** @param call as the server gets it */
  constructor(inner: Exchange, call: Call, told: Told) {
    this.call = call;
    this.#inner = inner;
    this.#told = told;
  }

  get signal(): CancelSignal {
    return this.#inner.signal;
  }

  get mirrored(): Exchange['mirrored'] {
    return this.#inner.mirrored;
  }

  get unasked(): boolean | undefined {
    return this.#inner.unasked;
  }

  slow(): void {
    this.#inner.slow?.();
  }

  abort(error: Error): void {
    this.#inner.abort(error);
  }

  notify(note: Call): Promise<void> | undefined {
    return this.#told(note, (passed) => this.#inner.notify(passed));
  }

  ask(call: Call, signal: CancelSignal): Promise<Reply> {
    return this.#inner.ask(call, signal);
  }

  room(): Promise<void> | undefined {
    return this.#inner.room();
  }
}

/**
 * One session over HTTP+SSE, revision 2024-11-05: a GET stream that names an endpoint to POST to,
 * and carries everything that the server says (specification 2024-11-05, "Transports").
 */
import { Cancellation, type CancelSignal } from '../../core/cancel.ts';
import type { Exchange } from '../../core/exchange.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import { drained, QuietPeriod, withLimit } from '../../core/timer.ts';
import { EndedByProxy, ProxyError, unsent } from '../../errors.ts';
import { PING } from '../../mcp/handshake.ts';
import { listChanges } from '../../mcp/list-changes.ts';
import { isRepeatable } from '../../mcp/methods.ts';
import type { Link } from '../../wire/link.ts';
import { nextAttempt, pause, withinReason } from '../backoff.ts';
import type { UpstreamContext } from '../context.ts';
import { Deliveries, insistently } from '../deliveries.ts';
import { Journal } from '../journal.ts';
import { type Outcome, replyOf, UpstreamRefusal } from '../outcome.ts';
import { openChannel, type SseStream } from './channel.ts';

/** How long the server may take to answer a request of the session itself, in milliseconds. */
const OWN_LIMIT = 30_000;

/** How long the server may take to answer after a sleep of the machine, in milliseconds. */
const WAKE_LIMIT = 5_000;

/** How long requests wait for the server to accept `notifications/initialized`, in milliseconds. */
const READY_LIMIT = 3_000;

/** How long a request waits at most for a pause that the server has asked for, in milliseconds. */
const REQUEST_PATIENCE = 10_000;

/** A stream that lived at least this long was cut, not refused; in milliseconds. */
const LIVED = 5_000;

export class SseSession {
  readonly #context: UpstreamContext;
  readonly #journal = new Journal();
  readonly #closing = new Cancellation();
  /** Whether the server has sent an `endpoint` event: then this is its transport, whatever else goes wrong. */
  proven = false;
  #channel: SseStream | undefined;
  /** When the stream was opened. */
  #since = Date.now();
  #opening: Promise<SseStream> | undefined;
  readonly #deliveries = new Deliveries();
  /** The time for which the server allows no other connection. */
  readonly #quiet = new QuietPeriod();
  /** Attempts to reopen the stream since it was lost. */
  #attempts = 0;
  /** Cuts the stream that is being opened. */
  #connecting: Cancellation | undefined;
  /** Whether no client waits for the stream that is being opened. */
  #unasked = false;
  /** Settles when the server has accepted `notifications/initialized`: no request may overtake it. */
  #initialized: Promise<void> | undefined;

  constructor(context: UpstreamContext) {
    this.#context = context;
  }

  /** Opens the stream and sends the first message over it. */
  async attempt(exchange: Exchange): Promise<Outcome> {
    let channel: SseStream;
    try {
      channel = await this.#open(exchange.signal);
      this.#channel = channel;
    } catch (error) {
      if (error instanceof UpstreamRefusal) return error.outcome;
      throw unsent(error);
    }
    try {
      return { kind: 'answered', reply: await this.#ask(channel.link, exchange) };
    } catch (error) {
      // The stream is there, so the transport is right, whatever the server answers to the message.
      if (error instanceof UpstreamRefusal) return { kind: 'answered', reply: replyOf(error.outcome) };
      throw error;
    }
  }

  async request(exchange: Exchange): Promise<Reply> {
    if (this.#initialized && exchange.call.method !== 'initialize') await this.#initialized;
    this.#channel?.watch.look();
    const channel = await this.#present();
    try {
      return await this.#ask(channel.link, exchange);
    } catch (error) {
      if (this.#mayRepeat(exchange, channel)) return this.#ask((await this.#present()).link, exchange);
      if (!(error instanceof UpstreamRefusal)) throw error;
      if (error.outcome.status !== 404 || (await this.#knows(channel))) return replyOf(error.outcome);
      // The endpoint is gone, and with it the session, even if its stream is still open.
      if (this.#channel === channel) this.#channel = undefined;
      channel.close.abort();
      const again = await this.#present();
      return isRepeatable(exchange.call) ? this.#ask(again.link, exchange) : replyOf(error.outcome);
    }
  }

  /** The stream, as soon as there is one. */
  async #present(): Promise<SseStream> {
    const isUnasked = this.#unasked;
    try {
      return await (this.#opening ?? this.#channel ?? this.#reopen());
    } catch (error) {
      // A client waits for this request, so it may ask the user to sign in. That stream could not.
      if (isUnasked && error instanceof ProxyError && error.code === 'sign-in-needed') return this.#present();
      throw error;
    }
  }

  /** Whether a request that may run twice has lost its answer with its stream, as after the sleep of a laptop. */
  #mayRepeat({ call, signal }: Exchange, { close }: SseStream): boolean {
    const isOver = signal.aborted || this.#closing.aborted;
    return close.aborted && !isOver && this.#journal.initialize !== undefined && isRepeatable(call);
  }

  /** Whether the server still knows the session: one refused message alone proves nothing. */
  async #knows(channel: SseStream): Promise<boolean> {
    if (!this.#journal.initialize) return true;
    try {
      await this.#ping(channel, OWN_LIMIT);
      return true;
    } catch (error) {
      return !(error instanceof UpstreamRefusal && error.outcome.status === 404);
    }
  }

  /** Sends the ping again if it fails: the network may need some seconds to come back. */
  #ping({ link, close }: SseStream, limit: number): Promise<Reply> {
    const ask = (signal: CancelSignal): Promise<Reply> => insistently(signal, () => link.ask(PING, signal));
    return withLimit(limit, this.#closing, ask, close);
  }

  notify(call: Call): Promise<void> {
    if (this.#opening) return this.#opening.catch(() => {}).then(() => this.notify(call));
    this.#journal.told(call);
    const sent = this.#tell(call);
    if (call.method !== 'notifications/initialized') return sent;
    this.#initialized = Promise.race([sent, pause(READY_LIMIT, this.#closing)]).then(() => {
      this.#initialized = undefined;
    });
    return sent;
  }

  async close(limit: number): Promise<void> {
    const left = await drained(this.#channel?.link.asked.idle() ?? Promise.resolve(), limit);
    // The client's last messages are still on their way.
    await this.#deliveries.settled(left / 2, this.#closing);
    this.destroy(new EndedByProxy('failed', 'the session was closed', { outcome: 'unknown' }));
  }

  /** Ends every request with the reason. */
  destroy(reason: ProxyError): void {
    this.#closing.abort(reason);
    this.#channel?.close.abort(reason);
    this.#connecting?.abort(reason);
    this.#channel?.link.destroy(reason);
  }

  async #ask(link: Link, exchange: Exchange): Promise<Reply> {
    this.#journal.admit(exchange.call);
    const reply = await link.ask(exchange.call, exchange.signal);
    this.#journal.answered(exchange.call, reply);
    return reply;
  }

  async #tell(call: Call): Promise<void> {
    try {
      await this.#channel?.link.notify(call);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#context.log.debug(`upstream: could not deliver ${call.method}: ${why}`);
    }
  }

  /** Opens the stream. Rejects with a Refusal when the URL does not offer one. */
  #open(signal: CancelSignal): Promise<SseStream> {
    const close = new Cancellation();
    this.#connecting = close;
    const proven = (): void => {
      this.proven = true;
    };
    const ended = (channel: SseStream, retry: number | undefined): void => {
      if (this.#channel === channel) this.#lost(retry);
    };
    const woken = (channel: SseStream): void => {
      if (this.#channel === channel) this.#reopen({ unasked: true, doubtful: channel }).catch(() => {});
    };
    const unasked = (): boolean => this.#unasked;
    return openChannel(this.#context, { close, signal, proven, ended, woken, unasked, deliveries: this.#deliveries });
  }

  /** The stream has ended. Reopens a session that was open, so that the server's messages are heard. */
  #lost(retry: number | undefined): void {
    this.#channel = undefined;
    if (retry === undefined) this.#quiet.end();
    else this.#quiet.begin(withinReason(retry));
    if (!this.#journal.initialize || this.#closing.aborted) return;
    this.#comeBack(retry, Date.now() - this.#since >= LIVED ? 0 : 1);
  }

  async #comeBack(retry: number | undefined, misses: number): Promise<void> {
    const ending = { kind: misses === 0 ? 'served' : 'failed', retry } as const;
    await pause(nextAttempt(ending, misses, Math.random()) ?? 0, this.#closing);
    if (this.#channel || this.#closing.aborted) return;
    this.#reopen({ unasked: true }).catch((error: unknown) => {
      const after = (error instanceof ProxyError && error.data.retryAfter) || 0;
      this.#comeBack(after * 1_000 || retry, misses + 1);
    });
  }

  /** Makes a request wait until the server allows the next connection. */
  async #awaited(): Promise<void> {
    const wait = Math.min(this.#quiet.left, REQUEST_PATIENCE);
    if (wait > 0) await pause(wait, this.#closing);
    if (this.#closing.aborted) throw this.#closing.reason;
  }

  /**
   * Connects again after the stream was lost: a new session that gets the messages of the old one. A stream that is
   * `doubtful` is kept if it still carries answers.
   */
  #reopen({ unasked, doubtful }: { unasked: boolean; doubtful?: SseStream } = { unasked: false }): Promise<SseStream> {
    if (this.#opening) return this.#opening;
    this.#unasked = unasked;
    this.#opening = (doubtful ? this.#checked(doubtful) : this.#restore())
      .catch((error: unknown) => {
        throw unsent(error instanceof UpstreamRefusal ? error.outcome.error : error);
      })
      .finally(() => {
        this.#opening = undefined;
        this.#unasked = false;
      });
    return this.#opening;
  }

  /** After a sleep, a call that is sent before the stream is known to carry answers could run without an answer. */
  async #checked(channel: SseStream): Promise<SseStream> {
    // What is open now would be lost with the stream, and a server that is busy with it may not answer sooner.
    const limit = channel.link.asked.size > 0 ? OWN_LIMIT : WAKE_LIMIT;
    try {
      await this.#ping(channel, limit);
      return channel;
    } catch (error) {
      // Any other refusal says nothing about the stream.
      if (error instanceof UpstreamRefusal && error.outcome.status !== 404) return channel;
      const message = 'the event stream was lost while the machine slept';
      channel.close.abort(new ProxyError('failed', message, { outcome: 'unknown' }));
      return this.#restore();
    }
  }

  async #restore(): Promise<SseStream> {
    const { log } = this.#context;
    await this.#awaited();
    const told = 'the event stream was lost; opening a new session';
    if (this.#attempts++ === 0) log.info(told);
    else log.debug(told);
    const channel = await this.#open(this.#closing);
    try {
      await this.#initialize(channel.link);
    } catch (error) {
      channel.close.abort();
      throw error;
    }
    // Nothing else reports a stream that ended in the meantime.
    if (channel.close.aborted) throw new ProxyError('failed', 'the event stream was lost again while it was opened');
    this.#channel = channel;
    this.#since = Date.now();
    this.#attempts = 0;
    return channel;
  }

  /** Repeats to a new session the messages of the old one. */
  async #initialize(link: Link): Promise<void> {
    const { initialize, initialized, requests } = this.#journal;
    if (!initialize) return;
    const ask = (call: Call): Promise<Reply> => withLimit(OWN_LIMIT, this.#closing, (signal) => link.ask(call, signal));
    const reply = await ask(initialize);
    if ('error' in reply) throw new ProxyError('failed', 'the upstream has lost the session and refuses a new one');
    if (initialized) await link.notify(initialized);
    for (const call of requests) await ask(call).catch(() => undefined);
    for (const note of [...listChanges(reply.result), ...this.#journal.updates]) await this.#context.peer.notify(note);
  }
}

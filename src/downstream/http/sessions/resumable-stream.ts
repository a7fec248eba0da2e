/**
 * One event stream of a session, which outlives its connection. It keeps what is sent while no client is connected, and
 * a client that reconnects gets what it has missed (specification 2025-11-25, "Resumability and Redelivery").
 */
import type { CancelSignal } from '../../../core/cancel.ts';
import { encodeResponse, type Frame, type Id } from '../../../core/jsonrpc.ts';
import type { KeptEvent, ReplayBuffer } from '../../../core/ports/replay.ts';
import { NOT_YET } from '../../../core/ports.ts';
import { ProxyError } from '../../../errors.ts';
import { replyFrom } from '../../../wire/replies.ts';
import type { EventStream } from '../response/event-stream.ts';
import type { FrameSink } from '../response/post-response.ts';
import { changeIn, isAnswer, WaitingMessages } from './waiting-messages.ts';

/** The event after which a client wants to resume. */
export interface Position {
  readonly stream: number;
  readonly sequence: number;
}

export interface AttachOptions {
  readonly after?: number | undefined;
  readonly primes?: boolean;
}

export class ResumableStream implements FrameSink {
  readonly number: number;
  readonly #replay: ReplayBuffer;
  /** The requests whose answers belong on this stream. */
  readonly #asked: readonly Id[];
  readonly #over: () => void;
  readonly #waiting = new WaitingMessages();
  #sequence = 0;
  /** The last event written to a connection. */
  #shown = 0;
  #outlet: EventStream | undefined;
  /** The events sent while those that a client has missed are on their way from the buffer. */
  #later: KeptEvent[] | undefined;
  /** Settles when the client has the events it had missed. */
  #caughtUp: Promise<void> | undefined;
  #ended = false;

  /**
   * @param over called once, when the stream has ended.
   * @param last the last event that another replica may have sent.
   */
  constructor(number: number, replay: ReplayBuffer, asked: readonly Id[] = [], over: () => void = () => {}, last = 0) {
    this.number = number;
    this.#replay = replay;
    this.#asked = asked;
    this.#over = over;
    this.#sequence = last;
    this.#shown = last;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether a client is connected. */
  get open(): boolean {
    return this.#outlet?.open ?? false;
  }

  /** As `write`, for a question of the server. Rejects when the client will never get it. */
  ask(frame: Frame, signal: CancelSignal): Promise<void> | undefined {
    return this.open ? this.write(frame) : this.#holdQuestion(frame, signal);
  }

  write(frame: Frame): Promise<void> | undefined {
    if (!this.open) return this.#hold(frame);
    const sequence = ++this.#sequence;
    this.#replay.keep(this.number, sequence, frame);
    if (this.#later) {
      this.#later.push({ sequence, frame });
      return this.#caughtUp;
    }
    this.#shown = sequence;
    return this.#outlet?.write(frame, { id: this.#id(sequence) });
  }

  /** Keeps a message for a client that is not connected. What repeats an earlier one takes its place. */
  #hold(frame: Frame): undefined {
    const key = changeIn(frame);
    const former = key === undefined ? undefined : this.#waiting.change(key);
    if (former) {
      if (former.update(frame)) this.#replay.keep(this.number, former.sequence, frame, former);
      return undefined;
    }
    const sequence = ++this.#sequence;
    const change = key === undefined ? undefined : this.#waiting.addChange(key, sequence, frame);
    const answer = isAnswer(frame) ? this.#waiting.addAnswer() : undefined;
    this.#replay.keep(this.number, sequence, frame, change ?? answer);
    return undefined;
  }

  #holdQuestion(frame: Frame, signal: CancelSignal): Promise<void> {
    const question = this.#waiting.addQuestion(signal);
    this.#replay.keep(this.number, ++this.#sequence, frame, question);
    return question.delivered;
  }

  room(): Promise<void> | undefined {
    return this.#later ? this.#caughtUp : this.#outlet?.room();
  }

  end(): void {
    if (!this.#later) this.#letGo();
    if (this.#ended) return;
    this.#ended = true;
    this.#over();
  }

  /**
   * Continues on a new connection, instead of the previous one.
   * @param options.after the last event that the client has. By default, the last one that was sent.
   * @param options.primes whether the client accepts an event without data.
   */
  attach(outlet: EventStream, { after = this.#shown, primes = false }: AttachOptions = {}): void {
    this.#outlet?.end();
    this.#outlet = outlet;
    if (primes) outlet.prime(this.#id(after));
    this.#later = undefined;
    const missed = after < this.#sequence ? this.#replay.peek(this.number, after) : NOTHING;
    if (missed === NOT_YET) this.#caughtUp = this.#catchUp(outlet, after);
    else this.#resume(outlet, after, missed);
  }

  /** Waits for the events that the client has missed, then writes those sent meanwhile. */
  async #catchUp(outlet: EventStream, after: number): Promise<void> {
    const last = this.#sequence;
    const later: KeptEvent[] = [];
    this.#later = later;
    const missed = await this.#replay.read(this.number, after);
    // A newer connection has replaced this one, and catches up on its own.
    if (this.#later !== later) return;
    this.#later = undefined;
    if (outlet.open) this.#resume(outlet, after, [...missed.filter(({ sequence }) => sequence <= last), ...later]);
    else this.#letGo();
  }

  #resume(outlet: EventStream, after: number, events: readonly KeptEvent[]): void {
    for (const { sequence, frame } of events) outlet.write(frame, { id: this.#id(sequence) });
    this.#shown = this.#sequence;
    this.#waiting.sent();
    if (!this.#ended) return;
    // The answer comes last.
    if (after < this.#sequence && events.at(-1)?.sequence !== this.#sequence) this.#admitLoss();
    this.#letGo();
  }

  #letGo(): void {
    this.#outlet?.end();
    this.#outlet = undefined;
  }

  /**
   * Answers with an error instead of the answers that are no longer kept, so that the client does not wait for ever.
   */
  #admitLoss(): void {
    const error = new ProxyError('limit', 'the answer was lost together with the connection it was sent on', {
      outcome: 'unknown',
    });
    for (const id of this.#asked) this.#outlet?.write(encodeResponse(id, replyFrom(error)));
  }

  #id(sequence: number): string {
    return eventId({ stream: this.number, sequence });
  }
}

const NOTHING: readonly KeptEvent[] = [];

export function eventId({ stream, sequence }: Position): string {
  return `${stream}-${sequence}`;
}

/** The event that a `Last-Event-ID` means. Undefined when none of our events has such an id. */
export function positionOf(lastEventId: string): Position | undefined {
  const [, stream, sequence] = /^(\d{1,9})-(\d{1,15})$/.exec(lastEventId) ?? [];
  return stream === undefined ? undefined : { stream: Number(stream), sequence: Number(sequence) };
}

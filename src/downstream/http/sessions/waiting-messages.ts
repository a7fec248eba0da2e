/**
 * The messages of a stream that wait for its client to connect. Without them, a flood of others would push them out of
 * the buffer, and the client would never learn of a change, or the server would wait for an answer for ever.
 */
import type { CancelSignal } from '../../../core/cancel.ts';
import { asString, peek } from '../../../core/json.ts';
import { type Call, type Frame, parseMessage } from '../../../core/jsonrpc.ts';
import type { WaitingEvent } from '../../../core/ports/replay.ts';
import { ProxyError } from '../../../errors.ts';
import { isListChange } from '../../../mcp/methods.ts';

/** More than the proxy itself keeps: the store of a program that uses the library may not say what it forgets. */
const MOST = 1_000;

export class WaitingMessages {
  readonly #all = new Set<WaitingMessage>();
  readonly #changes = new Map<string, WaitingChange>();

  /** The change that waits under this key (`changeIn`). */
  change(key: string): WaitingChange | undefined {
    return this.#changes.get(key);
  }

  addChange(key: string, sequence: number, frame: Frame): WaitingEvent {
    const change = new WaitingChange(sequence, frame, () => {
      this.#all.delete(change);
      if (this.#changes.get(key) === change) this.#changes.delete(key);
    });
    this.#changes.set(key, change);
    return this.#add(change);
  }

  /** @param signal aborted when the server no longer waits for the answer */
  addQuestion(signal: CancelSignal): WaitingQuestion {
    const question: WaitingQuestion = new WaitingQuestion(signal, () => this.#all.delete(question));
    return this.#add(question);
  }

  addAnswer(): WaitingEvent {
    const answer = new WaitingMessage(() => this.#all.delete(answer));
    return this.#add(answer);
  }

  #add<M extends WaitingMessage>(message: M): M {
    const [oldest] = this.#all;
    if (this.#all.size >= MOST) oldest?.lost();
    this.#all.add(message);
    return message;
  }

  /** The client gets them now. */
  sent(): void {
    for (const one of this.#all) one.sent();
    this.#all.clear();
    this.#changes.clear();
  }
}

class WaitingMessage implements WaitingEvent {
  readonly #forgotten: () => void;
  #waits = true;

  constructor(forgotten: () => void) {
    this.#forgotten = forgotten;
  }

  get waits(): boolean {
    return this.#waits;
  }

  sent(): void {
    this.#waits = false;
  }

  lost(): void {
    this.#waits = false;
    this.#forgotten();
  }
}

/** A notification that something has changed. */
class WaitingChange extends WaitingMessage {
  readonly sequence: number;
  #frame: Frame;

  constructor(sequence: number, frame: Frame, forgotten: () => void) {
    super(forgotten);
    this.sequence = sequence;
    this.#frame = frame;
  }

  /** Takes a later notification of the same change. Returns whether it differs from the one that waits. */
  update(frame: Frame): boolean {
    const former = this.#frame;
    this.#frame = frame;
    return !Buffer.concat(frame).equals(Buffer.concat(former));
  }
}

/** A question of the server. */
class WaitingQuestion extends WaitingMessage {
  readonly #signal: CancelSignal;
  #done: () => void = () => {};
  #failed: (error: Error) => void = () => {};
  /** Resolves when the client gets the question; rejects when it never will. */
  readonly delivered = new Promise<void>((resolve, reject) => {
    this.#done = resolve;
    this.#failed = reject;
  });

  constructor(signal: CancelSignal, forgotten: () => void) {
    super(forgotten);
    this.#signal = signal;
  }

  override get waits(): boolean {
    return super.waits && !this.#signal.aborted;
  }

  override sent(): void {
    super.sent();
    this.#done();
  }

  override lost(): void {
    super.lost();
    this.#failed(NOT_DELIVERED);
  }
}

const NOT_DELIVERED = new ProxyError(
  'limit',
  'the client has no stream open that could carry this question, and too many messages wait for it',
);

/** Bytes of a notification that is looked into. The longest URI fits in. */
const LONGEST_CHANGE = 16_384;

/** How the proxy writes notifications, and answers: single ones and batches. Questions begin as answers do. */
const [NOTIFICATION, ANSWER, BATCH] = ['{"jsonrpc":"2.0","method":', '{"jsonrpc":"2.0","id":', '['].map((text) =>
  Buffer.from(text),
) as [Buffer, Buffer, Buffer];

/** What a notification says has changed; undefined for every other message. */
export function changeIn(frame: Frame): string | undefined {
  const [text] = frame;
  if (frame.length !== 1 || !text || text.length > LONGEST_CHANGE || !begins(text, NOTIFICATION)) return undefined;
  const message = parseMessage(text);
  return message.kind === 'notification' ? changeOf(message.call) : undefined;
}

function changeOf({ method, params }: Call): string | undefined {
  if (isListChange(method)) return method;
  if (method !== 'notifications/resources/updated') return undefined;
  const uri = asString(peek(params, 'uri'));
  return uri === undefined ? undefined : `${method} ${uri}`;
}

/** Whether a message that is not a question is an answer. */
export function isAnswer([text]: Frame): boolean {
  return text !== undefined && (begins(text, ANSWER) || begins(text, BATCH));
}

function begins(text: Buffer, start: Buffer): boolean {
  return text.length >= start.length && text.compare(start, 0, start.length, 0, start.length) === 0;
}

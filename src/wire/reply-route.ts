/** The way back to the sender of a message, and to that of a batch. */
import type { CancelSignal } from '../core/cancel.ts';
import { encodeBatch, type Frame, type Reply } from '../core/jsonrpc.ts';

/** The way back to the sender of one message, where that is not the wire as a whole. */
export interface ReplyRoute {
  /** Takes the answer; undefined when there will be none, because the request was cancelled. */
  respond(frame: Frame | undefined, reply?: Reply): void;
  /** For messages that belong to the request: its notifications, and questions that it causes. */
  send(frame: Frame, signal?: CancelSignal): Promise<void> | undefined;
  room(): Promise<void> | undefined;
  /** Whether the sender of the request can be asked anything because of it; left out: yes. */
  canAsk?(): boolean;
  /** The answer will take a while. */
  slow?(): void;
  /** Whether the sender of the request is still there to get the answer; left out: yes. */
  readonly connected?: boolean;
}

/**
 * The way back to the sender of a batch (revision 2025-03-26): its answers leave as one array, once all have come.
 * @param open how many answers there will be
 */
export function togetherOn(way: ReplyRoute, open: number): ReplyRoute {
  let left = open;
  const answers: Frame[] = [];
  return {
    send: (frame, signal) => way.send(frame, signal),
    room: () => way.room(),
    get connected() {
      return way.connected ?? true;
    },
    respond(frame) {
      left--;
      if (frame) answers.push(frame);
      if (left === 0) way.respond(answers.length > 0 ? encodeBatch(answers) : undefined);
    },
  };
}

/** Gives back what a message has claimed. Further calls change nothing. */
export type Release = () => void;

/** Sends over one channel, and ends a claim when the answer is sent. */
export function releasing(send: ReplyRoute['send'], room: ReplyRoute['room'], release: Release): ReplyRoute {
  return new Releasing(send, room, release);
}

/** An object of a class, because every request has one. */
class Releasing implements ReplyRoute {
  readonly send: ReplyRoute['send'];
  readonly room: ReplyRoute['room'];
  readonly #release: Release;

  constructor(send: ReplyRoute['send'], room: ReplyRoute['room'], release: Release) {
    this.send = send;
    this.room = room;
    this.#release = release;
  }

  respond(frame: Frame | undefined): void {
    this.#release();
    if (frame) this.send(frame)?.catch(() => {});
  }
}

/** For messages that have no answer. */
export const MUTE: ReplyRoute = { respond: () => {}, send: () => undefined, room: () => undefined };

/**
 * Counts what waits for clients to read it. An answer that has arrived cannot wait at the server until its client
 * reads, and its call may have run. If too much waits already, the client gets an error instead of the answer.
 */
import type { ServerResponse } from 'node:http';
import { NULL_ID } from '../../../core/ids.ts';
import { encodeResponse, type Frame } from '../../../core/jsonrpc.ts';
import { ProxyError } from '../../../errors.ts';
import { readEnds } from '../../../wire/frames.ts';
import { replyFrom } from '../../../wire/replies.ts';
import type { Release } from '../../../wire/reply-route.ts';
import type { Budget, Limits } from '../body-budget.ts';

const MIB = 1_048_576;

/** Bytes that wait for clients; a single connection has limits of its own. */
export const UNREAD: Limits = { own: Number.POSITIVE_INFINITY, group: 256 * MIB, all: 512 * MIB, small: 65_536 };

/** What waits on one response. */
export class Unread {
  readonly #res: ServerResponse;
  readonly #budget: Budget;
  #release: Release | undefined;
  #watches = false;

  constructor(res: ServerResponse, budget: Budget) {
    this.#res = res;
    this.#budget = budget;
  }

  /** Counts the frame and returns it, or an error to send instead. Undefined if there is none: cut the client off. */
  admit(frame: Frame): Frame | undefined {
    const waiting = this.#res.writableLength;
    const wanted = waiting + sizeOf(frame);
    if (wanted <= UNREAD.small) return frame;
    this.#watch();
    this.#release?.();
    const release = this.#claim(wanted);
    this.#release = release ?? this.#claim(waiting);
    return release ? frame : insteadOf(frame);
  }

  #claim(bytes: number): Release | undefined {
    const { socket } = this.#res.req;
    return this.#budget.claim(socket, [socket.remoteAddress ?? ''], bytes);
  }

  /** Releases the claim when the client has read everything, or is gone. Most responses never need that. */
  #watch(): void {
    if (this.#watches) return;
    this.#watches = true;
    const read = (): void => this.#release?.();
    this.#res.on('drain', read);
    this.#res.once('close', read);
  }
}

export function sizeOf(frame: Frame): number {
  let size = 0;
  for (const part of frame) size += part.length;
  return size;
}

const DROPPED = new ProxyError('limit', 'too much waits for clients that do not read, so this answer was dropped', {
  outcome: 'unknown',
  hint: 'the server may have run the call already; read earlier answers first, or ask for less at a time',
});

/** The error to send instead of an answer; undefined for any other message, and for the answers to a batch. */
function insteadOf(frame: Frame): Frame | undefined {
  const { id, asks } = readEnds(frame[0] as Buffer, frame.at(-1) as Buffer);
  return asks || id === NULL_ID ? undefined : encodeResponse(id, replyFrom(DROPPED));
}

/** Counts a client's notifications that the server has not taken yet. They have no answers that would limit them. */
import type { Session } from '../../core/exchange.ts';
import type { Call, Message } from '../../core/jsonrpc.ts';
import { ProxyError } from '../../errors.ts';
import { replyFrom } from '../../wire/replies.ts';
import type { Refusal } from './refusal.ts';

const MAX_NOTIFICATIONS = 1_000;
const MAX_BYTES = 16 * 1_048_576;
/** Bytes of all sessions together. */
const MAX_ALL = 256 * 1_048_576;
/** Bytes that may wait for one session even beyond that. */
const SMALL = 16_384;

/** Bytes that wait now, of all sessions. */
let waiting = 0;

export class Backlog {
  #notifications = 0;
  #bytes = 0;

  get full(): boolean {
    return this.#notifications >= MAX_NOTIFICATIONS || this.#bytes >= MAX_BYTES;
  }

  /** Whether the notifications among these messages are too many, or too large. */
  refuses(messages: readonly Message[]): boolean {
    let bytes = 0;
    let some = false;
    for (const message of messages) {
      if (message.kind !== 'notification') continue;
      some = true;
      bytes += message.call.params?.length ?? 0;
    }
    return some && (this.full || (waiting + bytes > MAX_ALL && this.#bytes + bytes > SMALL));
  }

  /** Passes a notification on. */
  tell(server: Session, call: Call): void {
    const taken = server.notify(call);
    if (!taken) return;
    const size = call.params?.length ?? 0;
    this.#notifications++;
    this.#bytes += size;
    waiting += size;
    const done = (): void => {
      this.#notifications--;
      this.#bytes -= size;
      waiting -= size;
    };
    taken.then(done, done);
  }
}

/** The answer to a client whose notifications the server does not take. */
export const NOT_TAKEN: Refusal = {
  status: 429,
  reply: replyFrom(new ProxyError('limit', 'the server has not accepted earlier notifications yet')),
  headers: { 'retry-after': '1' },
};

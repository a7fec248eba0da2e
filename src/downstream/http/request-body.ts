/** Reads the body of a request, only after the request is admitted, and never more than the limit. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ProxyError } from '../../errors.ts';
import { Gatherer } from '../../wire/message-buffer.ts';
import { replyFrom } from '../../wire/replies.ts';
import type { Release } from '../../wire/reply-route.ts';
import { ARRIVING, Budget, groupsOf, TOO_MUCH_ARRIVES } from './body-budget.ts';
import { type Refusal, refused } from './refusal.ts';

/** The client has gone, so there is no one to answer. */
export const GONE = Symbol('gone');

type Done = (body: Buffer | Refusal | typeof GONE) => void;

const EMPTY = Buffer.alloc(0);

/** Whose share of the budget a body counts against. */
export interface Sender {
  /** Its session, or its connection. */
  readonly owner: object;
  readonly groups: readonly string[];
}

export class Bodies {
  readonly #limit: number;
  readonly #arriving = new Budget(ARRIVING);

  /** @param limit bytes of one body. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Passes on the body, the reason why it was not read, or {@link GONE}.
   * @param senderOf asked about large bodies only
   */
  read(req: IncomingMessage, res: ServerResponse, done: Done, senderOf = connectionOf): void {
    const announced = Number(req.headers['content-length'] ?? 0);
    if (announced > this.#limit) {
      done(this.#tooLarge());
      return;
    }
    // A large body is refused before it is sent if there is no room for it now.
    if (announced > ARRIVING.small) {
      const room = this.#claim(senderOf(req), announced);
      if (!room) {
        done(TOO_MUCH_ARRIVES);
        return;
      }
      // Announcing costs the client nothing, so it gets nothing for that either.
      room();
    }
    if (req.headers.expect !== undefined) res.writeContinue();
    // The body of a small request arrives together with its headers, and can be read a moment later.
    process.nextTick(() => {
      if (isWhole(req, announced) && req.readableLength <= this.#limit) done(wholeBody(req));
      else this.#gather(req, done, announced > 0 && announced <= ARRIVING.small ? undefined : senderOf(req));
    });
  }

  /** @param sender undefined for a body that is small in any case. */
  #gather(req: IncomingMessage, done: Done, sender: Sender | undefined): void {
    // Do not allocate the announced size: announcing costs the client nothing.
    const body = new Gatherer({ owned: true });
    let claimed: Release | undefined;
    let open = true;
    const end = (outcome: (() => Buffer) | Refusal | typeof GONE): void => {
      if (!open) return;
      open = false;
      claimed?.();
      done(typeof outcome === 'function' ? outcome() : outcome);
    };
    req.on('data', (chunk: Buffer) => {
      if (!open) return;
      const size = body.size + chunk.length;
      if (size > this.#limit) {
        end(this.#tooLarge());
        return;
      }
      if (sender) {
        // Anew for all that is here, because one body may be larger than a share.
        claimed?.();
        claimed = this.#claim(sender, size);
        if (!claimed) {
          end(TOO_MUCH_ARRIVES);
          return;
        }
      }
      body.add(chunk);
    });
    // `close` also follows the end of a body, and then has no meaning.
    req.on('close', () => end(GONE));
    req.on('end', () => end(() => body.take()));
  }

  #claim({ owner, groups }: Sender, size: number): Release | undefined {
    return this.#arriving.claim(owner, groups, size);
  }

  #tooLarge(): Refusal {
    const error = new ProxyError('limit', `a message is larger than ${this.#limit / 1_048_576} MiB`);
    return { ...refused(413, ''), reply: replyFrom(error) };
  }
}

/** Whether all of the body is here. Node marks a request as complete only after it has passed its last bytes on. */
function isWhole(req: IncomingMessage, announced: number): boolean {
  if (req.destroyed) return false;
  return req.complete || (announced > 0 && req.readableLength === announced);
}

function wholeBody(req: IncomingMessage): Buffer {
  const body = req.read() as Buffer | null;
  // Until a request has ended, its connection holds on to it.
  if (!req.complete) req.resume();
  return body ?? EMPTY;
}

function connectionOf(req: IncomingMessage): Sender {
  return { owner: req.socket, groups: groupsOf({ req, forwarded: {} }) };
}

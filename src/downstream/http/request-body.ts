/** Reads the body of a request, only after the request is admitted, and never more than the limit. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ProxyError } from '../../errors.ts';
import { Gatherer } from '../../wire/message-buffer.ts';
import { replyFrom } from '../../wire/replies.ts';
import { type Refusal, refused } from './refusal.ts';

/** Bytes of all bodies that are being read. */
const MAX_TOGETHER = 512 * 1_048_576;

const TOO_MUCH: Refusal = {
  status: 503,
  reply: replyFrom(new ProxyError('limit', 'too many large messages are being read at once')),
  headers: { 'retry-after': '1' },
};

/** The client has gone, so there is no one to answer. */
export const GONE = Symbol('gone');

type Done = (body: Buffer | Refusal | typeof GONE) => void;

const EMPTY = Buffer.alloc(0);

export class Bodies {
  readonly #limit: number;
  #reading = 0;

  /** @param limit bytes of one body. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Passes on the body, the reason why it was not read, or {@link GONE}. */
  read(req: IncomingMessage, res: ServerResponse, done: Done): void {
    const announced = Number(req.headers['content-length'] ?? 0);
    if (announced > this.#limit) {
      done(this.#tooLarge());
      return;
    }
    if (this.#reading > MAX_TOGETHER) {
      done(TOO_MUCH);
      return;
    }
    if (req.headers.expect !== undefined) res.writeContinue();
    // The body of a small request arrives together with its headers, and can be read a moment later.
    process.nextTick(() => {
      if (isWhole(req, announced) && req.readableLength <= this.#limit) done(wholeBody(req));
      else this.#gather(req, done);
    });
  }

  #gather(req: IncomingMessage, done: Done): void {
    // Do not allocate the announced size: announcing costs the client nothing.
    const body = new Gatherer({ owned: true });
    let open = true;
    const end = (outcome: (() => Buffer) | Refusal | typeof GONE): void => {
      if (!open) return;
      open = false;
      this.#reading -= body.size;
      done(typeof outcome === 'function' ? outcome() : outcome);
    };
    req.on('data', (chunk: Buffer) => {
      if (!open) return;
      if (body.size + chunk.length > this.#limit) {
        end(this.#tooLarge());
        return;
      }
      if (this.#reading > MAX_TOGETHER) {
        end(TOO_MUCH);
        return;
      }
      this.#reading += chunk.length;
      body.add(chunk);
    });
    // `close` also follows the end of a body, and then has no meaning.
    req.on('close', () => end(GONE));
    req.on('end', () => end(() => body.take()));
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

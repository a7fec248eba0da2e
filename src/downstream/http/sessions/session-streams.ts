/**
 * The event streams of one session: one for each POST whose response became a stream, and one for all other messages.
 */
import type { Id } from '../../../core/jsonrpc.ts';
import type { ReplayBuffer } from '../../../core/ports/replay.ts';
import type { EventStream } from '../response/event-stream.ts';
import { ResumableStream } from './resumable-stream.ts';

/** The number of ended streams that a session remembers for clients that reconnect. */
const MAX_ENDED = 256;

export class SessionStreams {
  /** For every message that belongs to no request of the client. */
  readonly standalone: ResumableStream;
  readonly #replay: ReplayBuffer;
  readonly #ofPosts = new Map<number, ResumableStream>();
  /** The streams that have ended, the oldest first. */
  readonly #past: ResumableStream[] = [];
  #last = 0;

  constructor(replay: ReplayBuffer) {
    this.#replay = replay;
    this.standalone = new ResumableStream(0, replay);
  }

  /** The stream with this number, unless it ended long ago. */
  of(stream: number): ResumableStream | undefined {
    return stream === 0 ? this.standalone : this.#ofPosts.get(stream);
  }

  /**
   * A stream for the answers to some requests.
   * @param options.primes whether it begins with an event without data.
   */
  begin(outlet: EventStream, asked: readonly Id[], { primes }: { readonly primes: boolean }): ResumableStream {
    const channel = new ResumableStream(++this.#last, this.#replay, asked, () => this.#passed(channel));
    this.#ofPosts.set(channel.number, channel);
    channel.attach(outlet, { after: 0, primes });
    return channel;
  }

  /** Ends all streams, and drops what was sent on them. */
  end(): void {
    this.standalone.end();
    for (const channel of this.#ofPosts.values()) channel.end();
    this.#replay.clear();
  }

  /** Remembers an ended stream for a client that reconnects, and forgets the oldest beyond the limit. */
  #passed(channel: ResumableStream): void {
    if (this.#past.push(channel) <= MAX_ENDED) return;
    const { number } = this.#past.shift() as ResumableStream;
    this.#ofPosts.delete(number);
    this.#replay.forget(number);
  }
}

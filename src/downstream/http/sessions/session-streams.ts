/**
 * The event streams of one session: one for each POST whose response became a stream, and one for all other messages.
 */
import type { Id } from '../../../core/jsonrpc.ts';
import type { KeptEvent, ReplayBuffer } from '../../../core/ports/replay.ts';
import type { EventStream } from '../response/event-stream.ts';
import { ResumableStream } from './resumable-stream.ts';

/** The number of ended streams that a session remembers for clients that reconnect. */
const MAX_ENDED = 256;

const NOTHING = { lastStream: 0, lastEvent: 0 };

export class SessionStreams {
  /** For every message that belongs to no request of the client. */
  readonly standalone: ResumableStream;
  readonly #replay: ReplayBuffer;
  readonly #ofPosts = new Map<number, ResumableStream>();
  /** The streams that have ended, the oldest first. */
  readonly #past: ResumableStream[] = [];
  #last: number;

  /** @param before what the session may have had elsewhere: the last stream, and the last event of the standalone one */
  constructor(replay: ReplayBuffer, before: { readonly lastStream: number; readonly lastEvent: number } = NOTHING) {
    this.#last = before.lastStream;
    this.#replay = replay;
    this.standalone = new ResumableStream(0, replay, [], () => {}, before.lastEvent);
  }

  /** Whether the client is connected to any of them. */
  get open(): boolean {
    if (this.standalone.open) return true;
    for (const stream of this.#ofPosts.values()) if (stream.open) return true;
    return false;
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

  /** What is kept of the stream of a POST that another replica has had, in order. */
  former(stream: number): Promise<readonly KeptEvent[]> {
    return this.#replay.read(stream, 0);
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

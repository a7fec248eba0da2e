/**
 * The event streams of one session: one for each POST whose response became a stream, and one for all other messages.
 */
import type { Id } from '../../../core/jsonrpc.ts';
import type { ReplayBuffer } from '../../../core/ports/replay.ts';
import type { EventStream } from '../response/event-stream.ts';
import { Channel } from './channel.ts';

/** The number of ended streams that a session remembers for clients that reconnect. */
const MAX_ENDED = 256;

export class Channels {
  /** For every message that belongs to no request of the client. */
  readonly aside: Channel;
  readonly #replay: ReplayBuffer;
  readonly #ofPosts = new Map<number, Channel>();
  /** The streams that have ended, the oldest first. */
  readonly #past: Channel[] = [];
  #last = 0;

  constructor(replay: ReplayBuffer) {
    this.#replay = replay;
    this.aside = new Channel(0, replay);
  }

  /** The stream with this number, unless it ended long ago. */
  of(stream: number): Channel | undefined {
    return stream === 0 ? this.aside : this.#ofPosts.get(stream);
  }

  /**
   * A stream for the answers to some requests.
   * @param options.primes whether it begins with an event without data.
   */
  begin(outlet: EventStream, asked: readonly Id[], { primes }: { readonly primes: boolean }): Channel {
    const channel = new Channel(++this.#last, this.#replay, asked, () => this.#passed(channel));
    this.#ofPosts.set(channel.number, channel);
    channel.attach(outlet, { after: 0, primes });
    return channel;
  }

  /** Ends all streams, and drops what was sent on them. */
  end(): void {
    this.aside.end();
    for (const channel of this.#ofPosts.values()) channel.end();
    this.#replay.clear();
  }

  /** Remembers an ended stream for a client that reconnects, and forgets the oldest beyond the limit. */
  #passed(channel: Channel): void {
    if (this.#past.push(channel) <= MAX_ENDED) return;
    const { number } = this.#past.shift() as Channel;
    this.#ofPosts.delete(number);
    this.#replay.forget(number);
  }
}

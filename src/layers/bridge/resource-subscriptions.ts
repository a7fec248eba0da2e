/**
 * The subscriptions of a client of an older revision, which come and go one at a time, on a stream that names all of
 * them when it is opened.
 */
import { asString, elements, isArray, type Json, peek } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { ProxyError } from '../../errors.ts';
import { parentsOf } from '../../mcp/parent-resources.ts';
import type { Listening, Stream } from './listening.ts';

const MAX_SUBSCRIPTIONS = 1_000;
/** The maximum number of characters in all URIs together. */
const MAX_CHARACTERS = 262_144;
/** How long to gather changes of the subscriptions before the stream is replaced, in milliseconds. */
const GATHER = 50;

export class ResourceSubscriptions {
  readonly #listening: Listening;
  readonly #wanted = new Set<string>();
  #characters = 0;
  #stream: Stream | undefined;
  /** The replacement of the stream that has not begun yet. */
  #next: Promise<ReadonlySet<string>> | undefined;
  /** Settles when no replacement is in progress. */
  #settled: Promise<unknown> = Promise.resolve();

  constructor(listening: Listening) {
    this.#listening = listening;
  }

  /** Resolves when the server has accepted the subscription. Rejects with why it has not. */
  async add(uri: string): Promise<void> {
    const isNew = !this.#wanted.has(uri);
    if (isNew) this.#want(uri);
    try {
      const accepted = await this.#replaced();
      if (!accepted.has(uri)) {
        throw new ProxyError('invalid-params', `the server did not accept a subscription to ${JSON.stringify(uri)}`);
      }
    } catch (error) {
      if (isNew) this.#forget(uri);
      throw error;
    }
  }

  /** Ends a subscription; the client hears nothing more of it from now on. */
  remove(uri: string): void {
    if (this.#forget(uri)) this.#replaced().catch(() => {});
  }

  #want(uri: string): void {
    if (this.#wanted.size >= MAX_SUBSCRIPTIONS || this.#characters + uri.length > MAX_CHARACTERS) {
      const message = `one client has more than ${MAX_SUBSCRIPTIONS} subscriptions, or their URIs are too long in total`;
      throw new ProxyError('limit', message);
    }
    this.#wanted.add(uri);
    this.#characters += uri.length;
  }

  #forget(uri: string): boolean {
    if (!this.#wanted.delete(uri)) return false;
    this.#characters -= uri.length;
    return true;
  }

  /** Replaces the stream by one for all subscriptions that are wanted then; resolves with those that it has. */
  #replaced(): Promise<ReadonlySet<string>> {
    if (this.#next) return this.#next;
    const begin = async (): Promise<ReadonlySet<string>> => {
      await this.#settled;
      await new Promise((resolve) => setTimeout(resolve, GATHER));
      const replaced = this.#replace();
      this.#next = undefined;
      this.#settled = replaced.catch(() => {});
      return replaced;
    };
    this.#next = begin();
    return this.#next;
  }

  async #replace(): Promise<ReadonlySet<string>> {
    const old = this.#stream;
    if (this.#wanted.size === 0) {
      this.#stream = undefined;
      old?.close();
      return new Set();
    }
    const stream = this.#listening.open(
      { resourceSubscriptions: [...this.#wanted] },
      {
        concerns: (note) => this.#concerns(note),
      },
    );
    try {
      const accepted = urisIn(await stream.acknowledged);
      // Only now, so that no update is lost in between.
      this.#stream = stream;
      old?.close();
      return accepted;
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  #concerns({ params }: Call): boolean {
    const uri = asString(peek(params, 'uri'));
    if (uri === undefined || this.#wanted.has(uri)) return true;
    for (const parent of parentsOf(uri)) if (this.#wanted.has(parent)) return true;
    return false;
  }
}

function urisIn(acknowledgment: Json): ReadonlySet<string> {
  const list = peek(acknowledgment, 'notifications', 'resourceSubscriptions');
  return new Set(isArray(list) ? elements(list).flatMap((uri) => asString(uri) ?? []) : []);
}

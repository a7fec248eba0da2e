/**
 * The subscriptions of a client of an older revision, which come and go one at a time, on a stream that names all of
 * them when it is opened.
 */
import { asString, elements, isArray, type Json, peek } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { ProxyError } from '../../errors.ts';
import { parentsOf } from '../../mcp/parent-resources.ts';
import { Handover } from './handover.ts';
import type { Listening, Stream } from './listening.ts';

const MAX_SUBSCRIPTIONS = 1_000;
/** The maximum number of characters in all URIs together. */
const MAX_CHARACTERS = 262_144;
/** How long to gather changes of the subscriptions before the stream is replaced, in milliseconds. */
const GATHER = 50;
/**
 * How long a replaced stream stays open, in milliseconds: what the server wrote on it may arrive after the
 * acknowledgment of the next one.
 */
const OVERLAP = 10_000;

/** A stream, and what it shares with the one that it replaces and with the one that replaces it. */
interface CarryingStream {
  readonly stream: Stream;
  before: Handover | undefined;
  after: Handover | undefined;
}

export class ResourceSubscriptions {
  readonly #listening: Listening;
  readonly #wanted = new Set<string>();
  #characters = 0;
  #current: CarryingStream | undefined;
  /** Closes the stream that was replaced last, if it is still open. */
  #retire: () => void = () => {};
  /** The replacement of the stream that has not begun yet. */
  #next: Promise<ReadonlySet<string>> | undefined;
  /** Settles when no replacement is in progress. */
  #settled: Promise<unknown> = Promise.resolve();

  constructor(listening: Listening) {
    this.#listening = listening;
  }

  get uris(): string[] {
    return [...this.#wanted];
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
    this.#retire();
    const old = this.#current;
    if (this.#wanted.size === 0) {
      this.#current = undefined;
      old?.stream.close();
      return new Set();
    }
    const next = this.#open(old && new Handover());
    if (old) old.after = next.before;
    try {
      const accepted = urisIn(await next.stream.acknowledged);
      this.#current = next;
      if (old) this.#overlap(old, next);
      return accepted;
    } catch (error) {
      if (old) old.after = undefined;
      next.stream.close();
      throw error;
    }
  }

  #open(before: Handover | undefined): CarryingStream {
    const concerns = (note: Call): boolean => {
      if (!this.#concerns(note)) return false;
      if (opened.before) return opened.before.isFirst(note, 'later');
      return opened.after?.isFirst(note, 'earlier') ?? true;
    };
    const stream = this.#listening.open({ resourceSubscriptions: [...this.#wanted] }, { concerns });
    const opened: CarryingStream = { stream, before, after: undefined };
    return opened;
  }

  /** Keeps the old stream open for a while, so that no update is lost in between. */
  #overlap(old: CarryingStream, next: CarryingStream): void {
    const timer = setTimeout(() => this.#retire(), OVERLAP);
    this.#retire = () => {
      clearTimeout(timer);
      old.stream.close();
      next.before = undefined;
      this.#retire = () => {};
    };
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

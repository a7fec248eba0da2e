/**
 * The legacy era of a local server, for one client: a session that begins with `initialize`, and that outlives the
 * process behind it.
 */

import { Cancellation } from '../../core/cancel.ts';
import type { Exchange, Peer } from '../../core/exchange.ts';
import { encode, type Json } from '../../core/json.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { withLimit } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { METHODS } from '../../mcp/methods.ts';
import { modernOnly } from '../detection/era-errors.ts';
import { afterLegacyPost, namedRevisions } from '../detection/verdict.ts';
import { Journal } from '../journal.ts';
import type { Child } from './child.ts';
import type { IdleMemory } from './idle-memory.ts';
import type { LocalProcess } from './kept-process.ts';
import { KnownLists } from './known-lists.ts';

/** How long a server may take to answer a request of the session itself, in milliseconds. */
const OWN_LIMIT = 45_000;

/** Requests that change what a new process must be told, beside those for lists. */
const NOTED = new Set(['logging/setLevel', 'resources/subscribe', 'resources/unsubscribe']);
/** Notifications that mean nothing to a process that is started later: it asks anew. */
const PASSING = new Set(['notifications/initialized', 'notifications/cancelled', 'notifications/roots/list_changed']);

export interface LegacyOptions {
  /** The name of the server. */
  readonly name: string;
  readonly log: Log;
  readonly peer: Peer;
  readonly process: () => LocalProcess;
  /** Undefined where a process is never stopped. */
  readonly memory: IdleMemory | undefined;
  /** Whether the server answers the one question that only a modern server answers. */
  readonly answersDiscover: (child: Child, exchange: Exchange) => Promise<boolean>;
  /** The process has no session for clients of this era, because it speaks the modern one. */
  readonly takeOver: (child: Child) => void;
  /** Whether the modern era has taken over the clients of this one. */
  readonly replaced: () => boolean;
}

export class LocalLegacySession {
  readonly #options: LegacyOptions;
  readonly #journal = new Journal();
  readonly #lists = new KnownLists();
  readonly #never = new Cancellation();
  /** What the server answered to `initialize`. */
  #introduced: Json | undefined;
  /** Whether the server has asked the client anything: then its lists may be for this client alone. */
  #asked = false;

  constructor(options: LegacyOptions) {
    this.#options = options;
  }

  /** Whether a session is open. */
  get open(): boolean {
    return this.#journal.initialize !== undefined;
  }

  request(exchange: Exchange): Promise<Reply> {
    const { method } = exchange.call;
    const process = this.#options.process();
    const child = process.current;
    // Nearly every call takes this path, without waiting a turn.
    if (!child || method === 'initialize') return this.#request(exchange);
    if (method !== 'ping') process.used();
    return this.#ask(child, exchange);
  }

  notify(call: Call): Promise<void> | undefined {
    const process = this.#options.process();
    this.#journal.told(call);
    const child = process.current;
    if (child) {
      process.used();
      return child.link.notify(call);
    }
    // A process that is being started is told what the journal has.
    if (PASSING.has(call.method) || !(this.open || process.starting)) return undefined;
    return process.ready(this.#never).then(
      (started) => started.link.notify(call),
      (error: Error) => this.#options.log.debug(`could not deliver ${call.method}: ${error.message}`),
    );
  }

  /** A notification of the server. */
  told(call: Call): Promise<void> | undefined {
    if (this.#lists.changed(call)) this.#options.memory?.clear();
    return this.#options.peer.notify(call);
  }

  /** A question of the server. */
  asked(exchange: Exchange): Promise<Reply> {
    this.#asked = true;
    return this.#options.peer.ask(exchange.call, exchange.signal);
  }

  /** The process is being stopped, because nobody uses it. */
  idled(): void {
    const { initialize } = this.#journal;
    if (this.#asked || !initialize || !this.#introduced) return;
    this.#options.memory?.remember(initialize, this.#introduced, this.#lists);
  }

  /** Repeats to a new process what the old one was told. */
  async restore(child: Child): Promise<void> {
    const { initialize } = this.#journal;
    if (!initialize) return;
    const reply = await this.#own(child, initialize);
    if ('error' in reply) throw new ProxyError('failed', `${this.#options.name} refuses to open the session again`);
    if (this.#introduced && !reply.result.equals(this.#introduced)) this.#options.memory?.clear();
    this.#introduced = reply.result;
    child.opened = true;
    const { initialized, requests } = this.#journal;
    if (initialized) child.link.notify(initialized);
    for (const call of requests) await this.#own(child, call).catch(() => undefined);
    this.#compare(child);
  }

  /** Tells the client which of the lists that it has got are different now, and what to read again. Never rejects. */
  async #compare(child: Child): Promise<void> {
    const changes = await this.#lists.differences((call) => this.#own(child, call));
    if (!child.running) return;
    if (changes.length > 0) this.#options.memory?.clear();
    for (const change of [...changes, ...this.#journal.updates]) await this.#options.peer.notify(change);
  }

  #own(child: Child, call: Call): Promise<Reply> {
    return withLimit(OWN_LIMIT, this.#never, (signal) => child.link.ask(call, signal));
  }

  #ask(child: Child, exchange: Exchange): Promise<Reply> {
    const { call, signal } = exchange;
    const isNoted = NOTED.has(call.method) || METHODS.get(call.method)?.changed !== undefined;
    return isNoted ? this.#askNoted(child, exchange) : child.link.ask(call, signal);
  }

  async #askNoted(child: Child, { call, signal }: Exchange): Promise<Reply> {
    this.#journal.admit(call);
    const reply = await child.link.ask(call, signal);
    this.#journal.answered(call, reply);
    this.#lists.note(call, reply, this.#introduced);
    return reply;
  }

  async #request(exchange: Exchange): Promise<Reply> {
    const { call, signal } = exchange;
    const process = this.#options.process();
    if (call.method === 'initialize') return this.#recalled(call) ?? this.#initialize(exchange);
    if (process.stopped) {
      const known = call.method === 'ping' ? encode({}) : this.#lists.answerTo(call);
      if (known) return { result: known };
    }
    return this.#ask(await process.ready(signal), exchange);
  }

  /** Opens the session without a process, where what the server will answer is known. */
  #recalled(call: Call): Reply | undefined {
    const process = this.#options.process();
    if (process.current || process.starting || this.open) return undefined;
    const found = this.#options.memory?.recall(call);
    if (!found) return undefined;
    this.#lists.adopt(found.lists);
    this.#opened(call, found.result);
    process.stopped = true;
    return { result: found.result };
  }

  async #initialize(exchange: Exchange): Promise<Reply> {
    const { call, signal } = exchange;
    const { name, log } = this.#options;
    if (this.#options.replaced()) throw modernOnly(name, { remembered: true });
    const process = this.#options.process();
    const child = await process.ready(signal);
    // When there is no answer in time, the process stays: it may be downloading itself, and answers the next attempt.
    const reply = probedReply(child, call) ?? (await child.link.ask(call, signal));
    const outcome = { kind: 'answered', reply } as const;
    const verdict = afterLegacyPost(outcome);
    // A server may refuse the other era with any code. Only one that names older revisions has shown its own era.
    const isVague = verdict === 'discover' || (verdict === 'final' && !namedRevisions(reply));
    const modern = isVague ? await this.#discovered(child, exchange) : undefined;
    if (verdict === 'other-era' || modern) {
      this.#options.takeOver(modern ?? child);
      throw modernOnly(name, { outcome });
    }
    if ('result' in reply) {
      this.#lists.clear();
      this.#opened(call, reply.result);
      child.opened = true;
      log.debug(`process ${child.pid} has answered initialize`);
    }
    return reply;
  }

  /** The process that has answered as only a modern server does. A server may end after it has refused the other era. */
  async #discovered(child: Child, exchange: Exchange): Promise<Child | undefined> {
    const { answersDiscover, process } = this.#options;
    if (await answersDiscover(child, exchange)) return child;
    if (child.running) return undefined;
    await child.ended;
    // If it cannot be started again, its first answer counts.
    const another = await process()
      .ready(exchange.signal)
      .catch(() => undefined);
    return another && (await answersDiscover(another, exchange)) ? another : undefined;
  }

  #opened(call: Call, result: Json): void {
    this.#introduced = result;
    this.#journal.answered(call, { result });
  }
}

/** The answer to an `initialize` that the probe of the server's era has sent already, in the same words. */
function probedReply(child: Child, { params }: Call): Reply | undefined {
  const { probed } = child;
  child.probed = undefined;
  return params && probed?.initialize.params?.equals(params) ? probed.reply : undefined;
}

/**
 * The modern era of a local server: every request is independent, so one process serves all clients. Everything that
 * the server says comes on one pipe, and goes to the request that it belongs to.
 */
import { Cancellation, type CancelSignal } from '../../core/cancel.ts';
import type { Era, Exchange, Peer } from '../../core/exchange.ts';
import { type Id, numberIn } from '../../core/ids.ts';
import { type Json, peek } from '../../core/json.ts';
import { type Call, errorReply, type Reply } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { withLimit } from '../../core/timer.ts';
import { LegacyOnly, ProxyError } from '../../errors.ts';
import { envelopeOf, SUBSCRIPTION_ID } from '../../mcp/envelope.ts';
import { discoverCall } from '../../mcp/handshake.ts';
import { onlyHearer, severityOf, wantedLevel } from '../../mcp/log-levels.ts';
import { isModernRevision, MODERN_REVISIONS, UNSUPPORTED_VERSION } from '../../mcp/revisions.ts';
import { nextPage } from '../../mcp/tool-list.ts';
import { PROGRESS, ProgressTokens } from '../../wire/progress-tokens.ts';
import { replyFrom } from '../../wire/replies.ts';
import { legacyOnly } from '../detection/era-errors.ts';
import { afterModernPost, isModernAnswer } from '../detection/verdict.ts';
import type { Outcome } from '../outcome.ts';
import { subscribe } from '../stateless/subscription.ts';
import type { Child } from './child.ts';
import { EraProbe } from './era-probe.ts';
import { FreshAnswers } from './fresh-answers.ts';
import type { LocalProcess } from './kept-process.ts';
import { MirrorCheck } from './mirror-check.ts';

/** How many pages of `tools/list` to read. */
const MAX_PAGES = 100;
const TOOLS_CHANGED = 'notifications/tools/list_changed';

/** How long the server may take to list its tools, in milliseconds. */
const LIST_LIMIT = 45_000;

export interface ModernOptions {
  /** The name of the server. */
  readonly name: string;
  readonly log: Log;
  readonly process: () => LocalProcess;
  /** The one client of the process; undefined when it has several. */
  readonly only: Peer | undefined;
  /** The process that has the session of all clients of the legacy era, where they share one. */
  readonly shared?: (() => Child | undefined) | undefined;
}

export class ModernSession {
  readonly #options: ModernOptions;
  readonly #fresh = new FreshAnswers();
  readonly #tokens = new ProgressTokens();
  readonly #mirrors = new MirrorCheck();
  readonly #probe = new EraProbe();
  /** The process whose tools are known, and the wait for them. */
  #listed: { readonly child: Child; readonly done: Promise<void> } | undefined;
  /** The open `subscriptions/listen`, by their ids at the server. */
  readonly #listening = new Map<number, Exchange>();
  /** The highest of these ids so far; 0: there was none. */
  #lastListened = 0;
  /** The other open requests that want log messages, with their levels, if the process has several clients. */
  readonly #logged = new Map<Exchange, number>();
  #spoken = false;
  #replaces = false;
  /** The process that has refused this era. */
  #refusedBy: Child | undefined;
  #probing: Promise<boolean> | undefined;

  constructor(options: ModernOptions) {
    this.#options = options;
  }

  /** Whether it has taken over the clients of the legacy era, for which the server has no sessions. */
  get replacesLegacy(): boolean {
    return this.#replaces && this.era !== 'legacy';
  }

  takeOver(): void {
    this.#replaces = true;
    this.#probe.unheard = false;
  }

  /** The era that the server has shown to a modern client. */
  get era(): Era | undefined {
    if (this.#spoken) return 'modern';
    return this.#refusedBy ? 'legacy' : undefined;
  }

  /** @param revision the revision that the call declares, if any */
  async request(exchange: Exchange, revision: string | undefined): Promise<Reply> {
    const { call, signal } = exchange;
    if (revision !== undefined && !isModernRevision(revision)) {
      const data = { supported: MODERN_REVISIONS, requested: revision };
      return errorReply(UNSUPPORTED_VERSION, 'Unsupported protocol version', data);
    }
    const process = this.#options.process();
    if (this.#spoken) {
      const known = process.stopped ? this.#fresh.answerTo(call) : undefined;
      return known ? { result: known } : this.#send(exchange);
    }
    if (this.#probe.unheard) throw legacyOnly(this.#options.name);
    if (await this.#isKnownByShared(exchange)) return this.#send(exchange);
    const child = await process.ready(signal);
    return this.#askFirst(child, exchange).catch((error: unknown) => {
      // The process was ended because it had refused another request, while it had this one.
      const isOver = this.#refusedBy === child && !child.running && !signal.aborted;
      throw isOver && !(error instanceof LegacyOnly) ? legacyOnly(this.#options.name) : error;
    });
  }

  /** Asks the process that all clients share, if it runs: the server need not be started once more to learn its era. */
  async #isKnownByShared(exchange: Exchange): Promise<boolean> {
    const child = this.#options.shared?.();
    if (!child) return false;
    if (await this.#isModern(child, exchange)) return true;
    // Another process can be asked instead.
    if (!child.running) return false;
    this.#refusedBy = child;
    throw legacyOnly(this.#options.name);
  }

  /** Asks a server that has not shown its era. */
  async #askFirst(child: Child, exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    if (call.method !== 'server/discover') {
      if (!(await this.#isModern(child, exchange))) throw this.#refused(child);
      return this.#send(exchange);
    }
    const { reply, child: asked } = await this.#discover(child, exchange);
    if (!reply) throw this.#refused(asked);
    const outcome = answered(reply);
    const verdict = afterModernPost(outcome, call.method);
    if (verdict === 'open') this.#speaks(asked);
    else if (verdict !== 'final') throw this.#refused(asked, outcome);
    this.#fresh.note(call, reply);
    return reply;
  }

  /** The server has shown its era. */
  #speaks(child: Child): void {
    this.#spoken = true;
    // It was slow, so the probe has opened a session of the other era, too, and the server may stay in that era.
    if (child.probed) this.#options.process().discard(child);
  }

  notify(call: Call): Promise<void> | undefined {
    return this.#spoken ? this.#options.process().current?.link.notify(call) : undefined;
  }

  /** Whether the server answers the one question that only a modern server answers. */
  async answersDiscover(child: Child, { call }: Exchange): Promise<boolean> {
    const reply = await this.#probe.ask(child, discoverCall(call));
    return reply !== undefined && isModernAnswer(answered(reply));
  }

  /**
   * A notification of the server. Returns false when it belongs to no modern request; otherwise it has been passed to
   * the client, and the promise, if any, resolves when that client has room again.
   */
  told(note: Call): Promise<void> | undefined | false {
    this.#fresh.changed(note);
    if (note.method === TOOLS_CHANGED) this.#listed = undefined;
    const subscription = this.#lastListened > 0 ? subscriptionIn(note.params) : 0;
    // What comes for a subscription that is over is late, and is dropped.
    if (subscription > 0 && subscription <= this.#lastListened) return this.#listening.get(subscription)?.notify(note);
    if (this.#options.only) return false;
    if (note.method === PROGRESS) {
      this.#tokens.passIfRoom(note);
      return undefined;
    }
    if (note.method === 'notifications/message') {
      // It belongs to a request that wants it, but does not say to which one.
      const asked = onlyHearer(this.#logged, severityOf(note));
      if (asked) return asked.notify(note);
    }
    this.#options.log.debug(`skipped ${note.method}, which does not say whom it is for`);
    return undefined;
  }

  /** The server has ended a subscription. */
  unsubscribed(id: Id, note: Call): void {
    this.#listening.get(Number(id))?.notify(note);
    this.#listening.delete(Number(id));
  }

  /** Asks a server about itself. It may have ended because it had to refuse a client of the legacy era. */
  #discover(child: Child, exchange: Exchange): Promise<{ reply: Reply | undefined; child: Child }> {
    return this.#apart(exchange, async (call) => {
      const reply = await this.#probe.ask(child, call);
      if (reply || !this.#replaces || child.running) return { reply, child };
      await child.ended;
      const another = await this.#options.process().ready(exchange.signal);
      return { reply: await this.#probe.ask(another, call), child: another };
    });
  }

  async #send(exchange: Exchange): Promise<Reply> {
    if (exchange.call.method !== 'subscriptions/listen') {
      const mismatch = this.#options.only ? undefined : await this.#mismatch(exchange);
      return mismatch ?? this.#apart(exchange, (call) => this.#ask(call, exchange.signal));
    }
    const outcome = await subscribe(exchange, (own) => this.#listen(own), this.#options.log);
    return (outcome as Answered).reply;
  }

  async #ask(call: Call, signal: CancelSignal): Promise<Reply> {
    const process = this.#options.process();
    const child = process.current ?? (await process.ready(signal));
    process.used();
    const reply = await child.link.ask(call, signal);
    this.#fresh.note(call, reply);
    return reply;
  }

  /** Asks for one client. If several share the process, their progress tokens may be the same. */
  async #apart<Answer>(exchange: Exchange, ask: (call: Call) => Promise<Answer>): Promise<Answer> {
    const { call } = exchange;
    if (this.#options.only) return ask(call);
    const level = wantedLevel(call);
    const replaced = this.#tokens.replace(call, exchange);
    if (level !== undefined) this.#logged.set(exchange, level);
    try {
      return await ask(replaced?.call ?? call);
    } finally {
      this.#logged.delete(exchange);
      replaced?.end();
    }
  }

  /** The error for a call whose headers do not mirror it. */
  async #mismatch({ call, signal, mirrored }: Exchange): Promise<Reply | undefined> {
    if (call.method !== 'tools/call' || !mirrored) return undefined;
    const child = await this.#options.process().ready(signal);
    if (this.#listed?.child !== child) {
      // What cannot be listed cannot be checked.
      this.#listed = { child, done: this.#list(child, call).catch(() => {}) };
    }
    await this.#listed.done;
    return this.#mirrors.mismatch(call, mirrored);
  }

  /** Reads the tools of a process. */
  async #list(child: Child, asking: Call): Promise<void> {
    this.#mirrors.forget();
    let call: Call | undefined = { method: 'tools/list', params: envelopeOf(asking) };
    for (let page = 0; call && page < MAX_PAGES; page++) {
      const asked: Call = call;
      const reply = await withLimit(LIST_LIMIT, NEVER, (signal) => child.link.ask(asked, signal));
      this.#mirrors.learn(reply);
      call = 'result' in reply ? nextPage(asked, reply.result) : undefined;
    }
  }

  /** Opens one subscription, which ends with the process at the latest. */
  async #listen(exchange: Exchange): Promise<Outcome> {
    const { call, signal } = exchange;
    let child: Child;
    try {
      child = await this.#options.process().ready(signal);
    } catch (error) {
      // A server that cannot be started has nothing to tell.
      if (error instanceof ProxyError) return answered(replyFrom(error));
      throw error;
    }
    let id: number | undefined;
    const opened = (given: string): void => {
      id = Number(given);
      this.#listening.set(id, exchange);
      this.#lastListened = Math.max(this.#lastListened, id);
    };
    try {
      return answered(await child.link.ask(call, signal, undefined, opened));
    } finally {
      if (id !== undefined) this.#listening.delete(id);
    }
  }

  /** Asks a server that has not shown its era, once for all requests that wait. */
  #isModern(child: Child, exchange: Exchange): Promise<boolean> {
    this.#probing ??= this.answersDiscover(child, exchange)
      .then((modern) => {
        if (modern) this.#speaks(child);
        return modern;
      })
      .finally(() => {
        this.#probing = undefined;
      });
    return this.#probing;
  }

  #refused(child: Child, outcome?: Outcome): ProxyError {
    // A process that has not answered may only be slow.
    if (child.answered) this.#refusedBy = child;
    // No client needs a process of its own kind that cannot serve this one.
    if (!this.#options.only) this.#options.process().discard(child);
    return legacyOnly(this.#options.name, outcome);
  }
}

const NEVER = new Cancellation();

type Answered = Outcome & { readonly kind: 'answered' };

function answered(reply: Reply): Answered {
  return { kind: 'answered', reply };
}

/** The id at the server of the subscription that a notification belongs to; 0 when it names none. */
function subscriptionIn(params: Json | undefined): number {
  const id = peek(params, '_meta', SUBSCRIPTION_ID)?.toString('utf8');
  return (id && numberIn(id)) || 0;
}

/**
 * The legacy era of one server: a session that begins with `initialize`, over the transport that
 * the server turns out to speak.
 */
import { Cancellation } from '../core/cancel.ts';
import { type Exchange, ownExchange } from '../core/exchange.ts';
import { asString, peek } from '../core/json.ts';
import type { Call, Reply } from '../core/jsonrpc.ts';
import { NOT_YET, type Spoken, type TransportName } from '../core/ports.ts';
import { printable, showUrl } from '../core/redact.ts';
import { withLimit } from '../core/timer.ts';
import { EndedByProxy, ModernOnly, ProxyError } from '../errors.ts';
import { afterAnswer } from './after-answer.ts';
import { patiently } from './busy.ts';
import type { ConnectOptions } from './context.ts';
import { type Attempt, nextStep, planFor } from './detection/plan.ts';
import { afterLegacyPost, afterSse } from './detection/verdict.ts';
import type { FailureLog } from './failure-log.ts';
import type { ModernUpstream } from './modern.ts';
import { Opening } from './opening.ts';
import { type Outcome, replyOf } from './outcome.ts';
import type { SseSession } from './sse/session.ts';
import { StreamableSession } from './streamable/session.ts';

/** How long the server may take over requests of the proxy itself, in milliseconds. */
const OWN_LIMIT = 30_000;
/** How long a session may take to end after another has replaced it, in milliseconds. */
const OLD_SESSION_LIMIT = 10_000;

const NAMES: Readonly<Record<TransportName, string>> = { http: 'Streamable HTTP', sse: 'HTTP+SSE' };

export type LegacySession = StreamableSession | SseSession;

export class LegacyUpstream {
  readonly #options: ConnectOptions;
  readonly #failures: FailureLog;
  readonly #modern: ModernUpstream;
  /** The session that is open, or being opened. */
  #session: LegacySession | undefined;
  #opening: Opening | undefined;
  /** What the server spoke last time. */
  #known: Spoken | undefined;
  /** What the session that was given up last would have to be told, were it opened again. */
  #repeat: readonly Call[] = [];
  /** Why no session is opened any more. */
  #ended: ProxyError | undefined;
  /** Settles when the verdict is stored. */
  remembered: Promise<void> | undefined;

  /** @param modern the other era of the same server. */
  constructor(options: ConnectOptions, failures: FailureLog, modern: ModernUpstream) {
    this.#options = options;
    this.#failures = failures;
    this.#modern = modern;
  }

  /** Whether the session that is open has no id, and nothing is known yet about the server's modern era. */
  get sessionless(): boolean {
    const session = this.session;
    return session !== undefined && 'sessionless' in session && session.sessionless && this.#known !== 'sessionless';
  }

  /** The session, unless it is still being opened. */
  get session(): LegacySession | undefined {
    return this.#opening ? undefined : this.#session;
  }

  /**
   * Settles when the session that is being opened is open or has failed; undefined when none is
   * being opened. Never rejects.
   */
  get opened(): Promise<void> | undefined {
    return this.#opening?.over;
  }

  /** Passes a request on, and opens a session with it if none is open. */
  async request(exchange: Exchange): Promise<Reply> {
    if (exchange.call.method === 'initialize') return this.#initialize(exchange);
    // Of several waiting requests, the first opens the session again and the others find that
    // opening: there is no wait between check and act.
    while (this.#opening) await this.#opening.over;
    if (exchange.signal.aborted) throw exchange.signal.reason;
    return this.#session ? this.#session.request(exchange) : this.#begin(exchange).answer();
  }

  /** Ends the opening that is in progress. */
  async closeOpening(limit: number): Promise<void> {
    this.#ended ??= new ProxyError('failed', 'the session is closed');
    await this.#opening?.close(limit, new EndedByProxy('failed', 'the session was closed while it was being opened'));
  }

  async close(limit: number): Promise<void> {
    await Promise.all([this.#session?.close(limit), this.remembered]);
  }

  /** Ends every request with the reason, and the opening that is in progress. */
  destroy(reason: ProxyError): void {
    this.#ended = reason;
    this.#opening?.abandon(reason);
    this.#session?.destroy(reason);
    this.#session = undefined;
  }

  /** A second `initialize` on the same connection begins a new session, and ends the previous one. */
  async #initialize(exchange: Exchange): Promise<Reply> {
    // A session that is still being opened does not have an id yet that could be ended.
    while (this.#opening) await this.#opening.over;
    if (exchange.signal.aborted) throw exchange.signal.reason;
    const old = this.#session;
    const opening = this.#begin(exchange);
    opening.over.then(() => {
      if (!old || old === this.#session) return;
      // If the server does not replace a session, the old one is still good.
      if (this.#session) old.close(OLD_SESSION_LIMIT);
      else this.#session = old;
    });
    return opening.answer();
  }

  #begin(exchange: Exchange): Opening {
    const opening = new Opening(exchange, (own) => this.#open(own));
    this.#opening = opening;
    opening.over.then(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    return opening;
  }

  /** Opens a session with the first message of a client, over one transport after the other, as the plan says. */
  async #open(exchange: Exchange): Promise<Reply> {
    if (this.#ended) throw this.#ended;
    const { strategy, memory, url } = this.#options;
    const peeked = memory.peek(url);
    const known = peeked === NOT_YET ? await memory.recall(url) : peeked;
    this.#known = known;
    if (this.#isModern(known, exchange)) throw await modernOnly(showUrl(url), { remembered: true });
    const remembered = known === 'sse' || known === undefined ? known : 'http';
    const plan = planFor(strategy, remembered, exchange.call.method);
    const tried: Attempt[] = [];
    for (;;) {
      const step = nextStep(plan, tried);
      switch (step.kind) {
        case 'try':
          tried.push(await this.#try(step.transport, exchange));
          break;
        case 'keep':
          return step.reply;
        case 'answer':
          return this.#failures.during(() => replyOf(step.outcome));
        case 'fail':
          // A bridge can serve the client, so this is no failure yet.
          if (step.error instanceof ModernOnly) throw step.error;
          return this.#failures.during(() => Promise.reject(step.error));
      }
    }
  }

  /** Sends the first message over one transport, and keeps the session if the server opens it. */
  async #try(transport: TransportName, exchange: Exchange): Promise<Attempt> {
    const session = await this.#sessionOver(transport);
    this.#session = session;
    const attempt = await this.#attempt(session, transport, exchange);
    if (attempt.kind === 'open') {
      if (exchange.call.method === 'initialize') this.#remember(transport, attempt.reply);
      return attempt;
    }
    if (this.#session === session) this.#session = undefined;
    session.close(0);
    if (attempt.kind === 'other-transport') {
      this.#options.log.debug(`upstream: does not speak ${NAMES[transport]} at this URL`);
    }
    return attempt;
  }

  async #sessionOver(transport: TransportName): Promise<LegacySession> {
    if (transport === 'http')
      return new StreamableSession(this.#options, (own, outcome) => this.#replaced(own, outcome));
    // Few servers need it, so a start does not load it.
    const { SseSession } = await import('./sse/session.ts');
    return new SseSession(this.#options);
  }

  /** Sends the first message over a new session. Never rejects. */
  async #attempt(session: LegacySession, transport: TransportName, exchange: Exchange): Promise<Attempt> {
    try {
      if (exchange.signal.aborted) throw exchange.signal.reason;
      const outcome = await patiently(exchange, () => session.attempt(exchange), this.#options.log);
      return await this.#classify(transport, exchange, outcome);
    } catch (error) {
      if (exchange.signal.aborted) return { kind: 'over', error };
      return { kind: 'failed', error, proven: 'proven' in session && session.proven };
    }
  }

  async #classify(transport: TransportName, exchange: Exchange, outcome: Outcome): Promise<Attempt> {
    switch (transport === 'sse' ? afterSse(outcome) : afterLegacyPost(outcome)) {
      case 'other-transport':
        return { kind: 'other-transport', outcome };
      case 'open':
        return { kind: 'open', reply: replyOf(outcome) };
      case 'other-era':
        return this.#otherEra(outcome);
      case 'discover': {
        const discovered = await this.#modern.discover(exchange);
        return discovered ? this.#otherEra(outcome, discovered) : { kind: 'answered', outcome };
      }
      case 'final':
        return outcome.kind === 'answered' ? { kind: 'answered', outcome } : { kind: 'refused', outcome };
    }
  }

  async #otherEra(outcome: Outcome, discovered?: Reply): Promise<Attempt> {
    this.#modern.takeOver(discovered !== undefined);
    const error = await modernOnly(showUrl(this.#options.url), { outcome, discovered });
    error.repeat = this.#repeat;
    return { kind: 'other-era', error };
  }

  /** Gives up a session whose server has given way to one of the modern era, as a refusal shows. */
  async #replaced(session: StreamableSession, outcome: Outcome): Promise<Error | undefined> {
    const { initialize, requests } = session.journal;
    if (!initialize) return undefined;
    this.#repeat = requests;
    const { peer } = this.#options;
    const attempt = await withLimit(OWN_LIMIT, new Cancellation(), (signal) =>
      this.#classify('http', ownExchange(initialize, signal, peer), outcome),
    );
    if (attempt.kind !== 'other-era') return undefined;
    if (this.#session === session) this.#session = undefined;
    session.close(0);
    return attempt.error;
  }

  /** Whether the server is remembered as one that has no answer to `initialize`, and has not shown otherwise. */
  #isModern(known: Spoken | undefined, { call }: Exchange): boolean {
    if (call.method !== 'initialize' || this.#options.strategy === 'sse-only') return false;
    return (known === 'modern' || this.#modern.replacesLegacy) && this.#modern.era !== 'legacy';
  }

  #remember(transport: TransportName, reply: Reply): void {
    const { memory, url, log } = this.#options;
    this.#modern.replacesLegacy = false;
    this.#repeat = [];
    const isStill = this.#known === 'sessionless';
    // Both cost a tenth of a start.
    this.remembered = afterAnswer(async () => {
      const version = 'result' in reply ? asString(peek(reply.result, 'protocolVersion')) : undefined;
      const spoken = version ? `${NAMES[transport]}, ${printable(version, 20)}` : NAMES[transport];
      log.info(`connected to ${showUrl(url)} (${spoken})`);
      // Not renewed: the server may have learned 2026-07-28, and must be asked again some day.
      if (!isStill) await memory.remember(url, transport);
    });
  }
}

/** Loaded on demand: most servers speak an era of their client. */
async function modernOnly(where: string, known: Parameters<typeof import('./detection/era-errors.ts').modernOnly>[1]) {
  return (await import('./detection/era-errors.ts')).modernOnly(where, known);
}

/**
 * The modern era of one server: every request is independent, and the first outcomes show whether
 * the server speaks this era at all.
 */
import { derived, type Era, type Exchange } from '../core/exchange.ts';
import type { Json } from '../core/json.ts';
import { type Call, errorReply, type Reply } from '../core/jsonrpc.ts';
import type { Spoken } from '../core/ports.ts';
import { showUrl } from '../core/redact.ts';
import type { LegacyOnly, ProxyError } from '../errors.ts';
import { discoverCall } from '../mcp/handshake.ts';
import { isRepeatable } from '../mcp/methods.ts';
import { isModernRevision, MODERN_REVISIONS, UNSUPPORTED_VERSION } from '../mcp/revisions.ts';
import { afterAnswer } from './after-answer.ts';
import { patiently } from './busy.ts';
import type { ConnectOptions } from './context.ts';
import { afterModernPost, isModernAnswer, mayBeLegacy } from './detection/verdict.ts';
import type { FailureLog } from './failure-log.ts';
import { type Outcome, replyOf } from './outcome.ts';
import type { EventPosition } from './read-messages.ts';
import type { StatelessTransport } from './stateless/transport.ts';

export class ModernUpstream {
  readonly #options: ConnectOptions;
  readonly #failures: FailureLog;
  #transport: StatelessTransport | undefined;
  #loading: Promise<StatelessTransport> | undefined;
  /** Whether the server has shown that it speaks the modern era. */
  #spoken = false;
  #inFlight = false;
  /** Whether the server has asked something, which only servers of older revisions do. */
  #asks = false;
  /** Why no request is sent any more. */
  #ended: ProxyError | undefined;
  /** Whether the server has refused this era. */
  #refused = false;
  /** Whether clients of the legacy era are better off in this one: the server has no session for them. */
  replacesLegacy = false;
  /** Settles when the verdict is stored. */
  #remembered: Promise<void> | undefined;

  constructor(options: ConnectOptions, failures: FailureLog) {
    this.#options = options;
    this.#failures = failures;
  }

  get established(): boolean {
    return this.#spoken || (this.#inFlight && this.#options.connected());
  }

  /** The era that the server has shown to a modern client. */
  get era(): Era | undefined {
    if (this.#spoken) return 'modern';
    return this.#refused ? 'legacy' : undefined;
  }

  /** @param revision the revision that the call declares, if any. */
  request(exchange: Exchange, revision: string | undefined): Promise<Reply> {
    // Nearly every call of a modern client takes this path.
    const isOpen = this.#spoken && !this.#asks && !this.#ended && this.#options.strategy !== 'sse-only';
    const isKnown = revision !== undefined && isModernRevision(revision);
    return isOpen && isKnown ? this.#requestAgain(exchange) : this.#request(exchange, revision);
  }

  async #request(exchange: Exchange, revision: string | undefined): Promise<Reply> {
    const { call } = exchange;
    const { strategy, log } = this.#options;
    if (revision !== undefined && !isModernRevision(revision)) {
      const data = { supported: MODERN_REVISIONS, requested: revision };
      return errorReply(UNSUPPORTED_VERSION, 'Unsupported protocol version', data);
    }
    if (strategy === 'sse-only' || this.#asks) throw await this.#legacyOnly();
    if (this.#ended) throw this.#ended;
    if (call.method !== 'server/discover') this.#inFlight = true;
    if (this.#spoken) return this.#requestAgain(exchange);

    const outcome = await this.#failures.during(() => patiently(exchange, () => this.#send(exchange), log));
    const verdict = afterModernPost(outcome, call.method);
    const isModern = verdict === 'open' || (verdict === 'discover' && (await this.discover(exchange)) !== undefined);
    if (isModern) this.#remember();
    if (isModern || verdict === 'final') return this.#failures.during(() => replyOf(outcome));
    // What may have run must not run again.
    const mayHaveRun = outcome.kind === 'answered' && !isRepeatable(call);
    throw await this.#legacyOnly(outcome, mayHaveRun ? outcome.reply : undefined);
  }

  notify(call: Call): Promise<void> | undefined {
    return this.#spoken ? this.#transport?.notify(call) : undefined;
  }

  async close(limit: number): Promise<void> {
    const transport = await this.#loading;
    await Promise.all([transport?.close(limit), this.#remembered]);
  }

  /** Ends every request with the reason. */
  destroy(reason: ProxyError): void {
    this.#ended = reason;
    // After the requests that wait for it.
    this.#loading?.then((transport) => transport.destroy(reason)).catch(() => {});
  }

  /**
   * Asks the one question that only a modern server answers, on behalf of the exchange. Undefined when the answer is
   * not that of a modern server.
   */
  async discover(exchange: Exchange): Promise<Reply | undefined> {
    const opens = exchange.call.method === 'initialize';
    try {
      const callFor = opens ? (await import('./detection/modern-leg.ts')).discoverFor : discoverCall;
      const call = callFor(exchange.call);
      const outcome = await this.#post(derived(exchange, { call, notify: () => undefined }));
      return isModernAnswer(outcome) ? outcome.reply : undefined;
    } catch (error) {
      if (exchange.signal.aborted) throw error;
      return undefined;
    }
  }

  /**
   * The server's answer to `server/discover`, for a client whose `initialize` it has answered without a session.
   * @param stored settles when the verdict about that session is stored, which this one replaces.
   */
  async leg(initialize: Exchange, result: Json, stored?: Promise<void>): Promise<Json | undefined> {
    this.#remembered = stored;
    const { findLeg } = await import('./detection/modern-leg.ts');
    const discovered = await findLeg(initialize, result, {
      send: (exchange) => this.#post(exchange),
      remember: () => this.#store(() => 'sessionless'),
    });
    if (discovered) this.takeOver(true);
    return discovered;
  }

  /**
   * Takes over the clients of the legacy era.
   * @param spoken whether the server has shown that it speaks this one.
   */
  takeOver(spoken: boolean): void {
    this.replacesLegacy = true;
    if (spoken) this.#remember();
  }

  #remember(): void {
    if (this.#spoken) return;
    const { memory, url, log } = this.#options;
    this.#spoken = true;
    this.#refused = false;
    this.#store(() => {
      log.info(`connected to ${showUrl(url)} (Streamable HTTP, ${MODERN_REVISIONS[0]})`);
      if (this.replacesLegacy) return 'modern';
      // Otherwise keep what is known about the server's legacy era.
      return memory.peek(url) === 'modern' ? undefined : 'http';
    });
  }

  /** Stores a verdict after those before it, once the client has its answer. */
  #store(verdict: () => Spoken | undefined): void {
    const { memory, url } = this.#options;
    const before = this.#remembered;
    this.#remembered = afterAnswer(async () => {
      await before;
      const spoken = verdict();
      if (spoken) await memory.remember(url, spoken);
    });
  }

  /** A request to a server that has already spoken the modern era. */
  async #requestAgain(exchange: Exchange): Promise<Reply> {
    const outcome = await this.#send(exchange);
    const suspect = outcome.kind === 'refused' && mayBeLegacy(outcome, exchange.call.method);
    if (!suspect || (await this.discover(exchange)) !== undefined) return replyOf(outcome);
    // A different server answers at this URL now.
    this.#spoken = false;
    throw await this.#legacyOnly(outcome);
  }

  #send(exchange: Exchange): Promise<Outcome> {
    return exchange.call.method === 'subscriptions/listen' ? this.#listen(exchange) : this.#post(exchange);
  }

  #post(exchange: Exchange, position?: EventPosition): Promise<Outcome> {
    if (this.#transport) return this.#transport.send(exchange, position);
    return this.#load().then((transport) => transport.send(exchange, position));
  }

  /** Loaded with the first request, because a start with an older client or server does not need it. */
  #load(): Promise<StatelessTransport> {
    this.#loading ??= import('./stateless/transport.ts').then(({ StatelessTransport: Transport }) => {
      this.#transport = new Transport(this.#options, () => {
        this.#asks = !this.#spoken;
      });
      return this.#transport;
    });
    return this.#loading;
  }

  async #listen(exchange: Exchange): Promise<Outcome> {
    const { subscribe } = await import('./stateless/subscription.ts');
    return subscribe(exchange, (x, position) => this.#post(x, position), this.#options.log);
  }

  async #legacyOnly(outcome?: Outcome, answer?: Reply): Promise<LegacyOnly> {
    this.#refused = true;
    const { legacyOnly } = await import('./detection/era-errors.ts');
    return legacyOnly(showUrl(this.#options.url), outcome, answer);
  }
}

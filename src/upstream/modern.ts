/**
 * The modern era of one server: every request is independent, and the first outcomes show whether
 * the server speaks this era at all.
 */
import { derived, type Era, type Exchange } from '../core/exchange.ts';
import type { Json } from '../core/json.ts';
import { type Call, errorCode, errorReply, type Reply } from '../core/jsonrpc.ts';
import { showUrl } from '../core/redact.ts';
import type { LegacyOnly } from '../errors.ts';
import { discoverCall } from '../mcp/handshake.ts';
import { isRepeatable } from '../mcp/methods.ts';
import { isModernRevision, MODERN_REVISIONS, UNSUPPORTED_VERSION } from '../mcp/revisions.ts';
import { afterAnswer } from './after-answer.ts';
import { patiently } from './busy.ts';
import type { ConnectOptions } from './context.ts';
import { afterModernPost, isModernAnswer } from './detection/verdict.ts';
import type { FailureLog } from './failure-log.ts';
import { type Outcome, replyOf } from './outcome.ts';
import { subscribe } from './stateless/subscription.ts';
import { StatelessTransport } from './stateless/transport.ts';

export class ModernUpstream {
  readonly #options: ConnectOptions;
  readonly #failures: FailureLog;
  readonly #transport: StatelessTransport;
  /** Whether the server has shown that it speaks the modern era. */
  #spoken = false;
  #inFlight = false;
  /** Whether the server has refused this era. */
  #refused = false;
  /** Settles when the verdict is stored. */
  #remembered: Promise<void> | undefined;

  constructor(options: ConnectOptions, failures: FailureLog) {
    this.#options = options;
    this.#failures = failures;
    this.#transport = new StatelessTransport(options);
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
  async request(exchange: Exchange, revision: string | undefined): Promise<Reply> {
    const { call } = exchange;
    const { strategy, log } = this.#options;
    if (revision !== undefined && !isModernRevision(revision)) {
      const data = { supported: MODERN_REVISIONS, requested: revision };
      return errorReply(UNSUPPORTED_VERSION, 'Unsupported protocol version', data);
    }
    if (strategy === 'sse-only') throw await this.#legacyOnly();
    if (call.method !== 'server/discover') this.#inFlight = true;
    if (this.#spoken) return this.#requestAgain(exchange);

    const outcome = await this.#failures.during(() => patiently(exchange, () => this.#send(exchange), log));
    const verdict = afterModernPost(outcome, call.method);
    const isModern = verdict === 'open' || (verdict === 'discover' && (await this.answersDiscover(exchange)));
    if (isModern) this.#remember();
    if (isModern || verdict === 'final') return this.#failures.during(() => replyOf(outcome));
    // What has run must not run again.
    const ran = outcome.kind === 'answered' && 'result' in outcome.reply && !isRepeatable(call);
    throw await this.#legacyOnly(outcome, ran ? outcome.reply.result : undefined);
  }

  notify(call: Call): Promise<void> | undefined {
    return this.#spoken ? this.#transport.notify(call) : undefined;
  }

  async close(limit: number): Promise<void> {
    await Promise.all([this.#transport.close(limit), this.#remembered]);
  }

  /** Asks the one question that only a modern server answers, on behalf of the exchange. */
  async answersDiscover(exchange: Exchange): Promise<boolean> {
    const call = discoverCall(exchange.call);
    try {
      const outcome = await this.#transport.send(derived(exchange, { call, notify: () => undefined }));
      return isModernAnswer(outcome);
    } catch (error) {
      if (exchange.signal.aborted) throw error;
      return false;
    }
  }

  #remember(): void {
    if (this.#spoken) return;
    const { memory, url, log } = this.#options;
    this.#spoken = true;
    this.#refused = false;
    this.#remembered = afterAnswer(() => {
      log.info(`connected to ${showUrl(url)} (Streamable HTTP, ${MODERN_REVISIONS[0]})`);
      return memory.remember(url, 'http');
    });
  }

  /** A request to a server that has already spoken the modern era. */
  async #requestAgain(exchange: Exchange): Promise<Reply> {
    const outcome = await this.#send(exchange);
    const replaced =
      outcome.reply !== undefined &&
      errorCode(outcome.reply) === UNSUPPORTED_VERSION &&
      afterModernPost(outcome, exchange.call.method) === 'other-era';
    if (!replaced) return replyOf(outcome);
    // A different server answers at this URL now.
    this.#spoken = false;
    throw await this.#legacyOnly(outcome);
  }

  #send(exchange: Exchange): Promise<Outcome> {
    if (exchange.call.method !== 'subscriptions/listen') return this.#transport.send(exchange);
    return subscribe(exchange, (x, position) => this.#transport.send(x, position), this.#options.log);
  }

  async #legacyOnly(outcome?: Outcome, result?: Json): Promise<LegacyOnly> {
    this.#refused = true;
    const { legacyOnly } = await import('./detection/era-errors.ts');
    return legacyOnly(showUrl(this.#options.url), outcome, result);
  }
}

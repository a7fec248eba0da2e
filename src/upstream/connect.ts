/**
 * The session with the server behind one URL: finds out which transport and which era it
 * speaks, with the client's own first message as the only probe, and keeps to that.
 */
import type { Strategy } from '../config.ts';
import {
  declaredRevision,
  isHandshake,
  isModernRevision,
  MODERN_REVISIONS,
  mayDeclareRevision,
  UNSUPPORTED_VERSION,
} from '../core/eras.ts';
import { derived, type Exchange, type Session } from '../core/exchange.ts';
import { asString, peek } from '../core/json.ts';
import { type Call, errorCode, errorReply, type Reply } from '../core/jsonrpc.ts';
import type { TransportName, VerdictMemory } from '../core/ports.ts';
import { printable, showUrl } from '../core/redact.ts';
import { EndedByProxy, ProxyError } from '../errors.ts';
import { patiently } from './busy.ts';
import type { UpstreamContext } from './context.ts';
import { legacyOnly, modernOnly } from './era-errors.ts';
import { withNeighbour } from './failure.ts';
import { Opening } from './opening.ts';
import { type Outcome, replyOf } from './outcome.ts';
import { SseSession } from './sse.ts';
import { envelopeOf, StatelessTransport } from './stateless.ts';
import { StreamableSession } from './streamable.ts';
import { subscribe } from './subscription.ts';
import { afterLegacyPost, afterModernPost, afterSse, attempts, isModernAnswer } from './verdict.ts';

/** How long a session may take to end after another has replaced it, in milliseconds. */
const OLD_SESSION_LIMIT = 10_000;

export interface ConnectOptions extends UpstreamContext {
  readonly strategy: Strategy;
  readonly memory: VerdictMemory;
  /** Whether any connection to the server has come about so far. */
  readonly connected: () => boolean;
  /** What to type instead of a URL, or a transport, that leads to no MCP server. Never rejects. */
  readonly advise: () => Promise<string | undefined>;
}

type LegacySession = StreamableSession | SseSession;

/**
 * The outcome of one transport: the reply to use, or the reason to try another transport; `proven` is
 * the error of a transport that the server does speak.
 */
type Attempted =
  | { readonly reply: Reply; readonly open: boolean }
  | { readonly other: Outcome | undefined; readonly proven?: unknown };

export class Upstream implements Session {
  readonly #options: ConnectOptions;
  readonly #stateless: StatelessTransport;
  /** The legacy session that is open, or being opened. */
  #session: LegacySession | undefined;
  #opening: Opening | undefined;
  /** Whether the server has shown that it speaks the modern era; unknown until a modern message was sent. */
  #modern: boolean | undefined;
  #modernInFlight = false;
  #closed = false;
  /** The last failure that was told on stderr. */
  #told = '';
  /** Settles when the verdict is stored. */
  #remembered: Promise<void> | undefined;

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#stateless = new StatelessTransport(options);
  }

  get established(): boolean {
    const open = this.#session !== undefined && this.#opening === undefined;
    return open || this.#modern !== undefined || (this.#modernInFlight && this.#options.connected());
  }

  request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    // Nearly every call of a legacy client, without a turn of waiting.
    const plain = !isHandshake(call) && !mayDeclareRevision(call);
    if (plain && this.#session && !this.#opening) return this.#session.request(exchange);
    return this.#request(exchange);
  }

  async #request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    const revision = declaredRevision(call);
    if (revision !== undefined || call.method === 'server/discover') return this.#requestModern(exchange, revision);
    if (call.method === 'initialize') return this.#reinitialize(exchange);
    // Of several that wait, the first opens again, and the others find that opening: no wait between the look and the deed.
    while (this.#opening) await this.#opening.over;
    if (exchange.signal.aborted) throw exchange.signal.reason;
    return this.#session ? this.#session.request(exchange) : this.#begin(exchange).answer();
  }

  notify(call: Call): Promise<void> | undefined {
    if (this.#opening) return this.#opening.over.then(() => this.notify(call));
    if (this.#session && !isModern(call)) return this.#session.notify(call);
    return this.#modern ? this.#stateless.notify(call) : undefined;
  }

  async close(limit: number): Promise<void> {
    this.#closed = true;
    // What is being opened can be ended at the server only once it is open.
    await this.#opening?.close(limit, new EndedByProxy('failed', 'the session was closed while it was being opened'));
    await Promise.all([this.#stateless.close(limit), this.#session?.close(limit), this.#remembered]);
  }

  /** A second `initialize` on the same connection begins a new session, and ends the one before. */
  async #reinitialize(exchange: Exchange): Promise<Reply> {
    // One that is only being opened has no id yet that could be given back.
    while (this.#opening) await this.#opening.over;
    if (exchange.signal.aborted) throw exchange.signal.reason;
    const old = this.#session;
    const opening = this.#begin(exchange);
    opening.over.then(() => {
      if (!old || old === this.#session) return;
      // One that the server gives no successor for is still good.
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

  /** Opens a legacy session with the first message of a legacy client. */
  async #open(exchange: Exchange): Promise<Reply> {
    if (this.#closed) throw new ProxyError('failed', 'the session is closed');
    const { strategy, memory, url, log } = this.#options;
    let first: Outcome | undefined;
    let proven: unknown;
    const all = attempts(strategy, memory.recall(url));
    /** The transport that is tried first only because it was right the last time. */
    const guess = all[0] === attempts(strategy, undefined)[0] ? undefined : all[0];
    // Only `initialize` may be sent over several transports: anything else could run several times.
    for (const transport of exchange.call.method === 'initialize' ? all : all.slice(0, 1)) {
      const session = transport === 'http' ? new StreamableSession(this.#options) : new SseSession(this.#options);
      this.#session = session;
      const attempt = (): Promise<Attempted> => this.#attempt(session, transport, exchange, first);
      const guessed = transport === guess && exchange.call.method === 'initialize';
      const kept = await (guessed ? forgiving(exchange, session, attempt) : this.#failing(attempt)).catch((error) => {
        this.#drop(session);
        throw error;
      });
      if ('reply' in kept) {
        if (kept.open && exchange.call.method === 'initialize') {
          log.info(`connected to ${showUrl(url)} (${describe(transport, kept.reply)})`);
          this.#remembered = memory.remember(url, transport);
        } else if (!kept.open) {
          this.#drop(session);
          if (proven !== undefined) break;
        }
        return kept.reply;
      }
      this.#drop(session);
      proven ??= kept.proven;
      log.debug(`upstream: does not speak ${transport === 'http' ? 'Streamable HTTP' : 'HTTP+SSE'} at this URL`);
      // What a guess met says nothing: the transport that the strategy wants first decides.
      if (!guessed) first ??= kept.other;
    }
    // When nothing fits, what the first transport met is the cause; the second one only confirms it.
    return this.#failing(async () => {
      if (proven !== undefined) throw proven;
      return replyOf(first as Outcome);
    });
  }

  /** Tries one transport: the reply to go with, or the outcome that speaks for another transport. */
  async #attempt(
    session: LegacySession,
    transport: TransportName,
    exchange: Exchange,
    first: Outcome | undefined,
  ): Promise<Attempted> {
    let outcome: Outcome;
    try {
      outcome = await patiently(exchange, () => session.attempt(exchange), this.#options.log);
    } catch (error) {
      // The other transport was only a guess: what the first one said is the truth about this URL.
      const guess = first !== undefined && !exchange.signal.aborted && !isProven(session) && !asksForUser(error);
      if (guess) return { other: first };
      throw error;
    }
    switch (transport === 'http' ? afterLegacyPost(outcome) : afterSse(outcome)) {
      case 'other-transport':
        return { other: outcome };
      case 'open':
        return { reply: replyOf(outcome), open: true };
      case 'other-era':
        throw modernOnly(this.#options.url, outcome);
      case 'discover':
        if (await this.#answersDiscover(exchange)) throw modernOnly(this.#options.url, outcome);
        return { reply: replyOf(outcome), open: false };
      case 'final':
        return first && outcome.kind === 'refused' && outcome.error.code !== 'unauthorized'
          ? { other: first }
          : { reply: replyOf(outcome), open: false };
    }
  }

  /** Says once on stderr why the server cannot be used: not every host shows the error it gets. */
  async #failing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (failure) {
      const error = await withNeighbour(failure, this.#options.advise);
      if (error instanceof ProxyError && !(error instanceof EndedByProxy) && error.message !== this.#told) {
        this.#told = error.message;
        this.#options.log.error(error.data.hint ? `${error.message} (${error.data.hint})` : error.message);
      }
      throw error;
    }
  }

  #drop(session: LegacySession): void {
    if (this.#session === session) this.#session = undefined;
    session.close(0);
  }

  async #requestModern(exchange: Exchange, revision: string | undefined): Promise<Reply> {
    const { call } = exchange;
    if (revision !== undefined && !isModernRevision(revision)) {
      const data = { supported: MODERN_REVISIONS, requested: revision };
      return errorReply(UNSUPPORTED_VERSION, 'Unsupported protocol version', data);
    }
    if (this.#options.strategy === 'sse-only') throw legacyOnly(this.#options.url);
    if (call.method !== 'server/discover') this.#modernInFlight = true;
    if (this.#modern) return this.#whileModern(exchange);

    const outcome = await this.#failing(() => patiently(exchange, () => this.#sendModern(exchange), this.#options.log));
    const verdict = afterModernPost(outcome, call.method);
    const modern = verdict === 'open' || (verdict === 'discover' && (await this.#answersDiscover(exchange)));
    if (modern && !this.#modern) {
      this.#modern = true;
      this.#remembered = this.#options.memory.remember(this.#options.url, 'http');
      this.#options.log.info(`connected to ${showUrl(this.#options.url)} (Streamable HTTP, ${MODERN_REVISIONS[0]})`);
    }
    if (modern || verdict === 'final') return this.#failing(async () => replyOf(outcome));
    throw legacyOnly(this.#options.url, outcome);
  }

  async #whileModern(exchange: Exchange): Promise<Reply> {
    const outcome = await this.#sendModern(exchange);
    const replaced =
      outcome.reply !== undefined &&
      errorCode(outcome.reply) === UNSUPPORTED_VERSION &&
      afterModernPost(outcome, exchange.call.method) === 'other-era';
    if (!replaced) return replyOf(outcome);
    // Another server answers at this URL now.
    this.#modern = undefined;
    throw legacyOnly(this.#options.url, outcome);
  }

  #sendModern(exchange: Exchange): Promise<Outcome> {
    if (exchange.call.method !== 'subscriptions/listen') return this.#stateless.send(exchange);
    return subscribe(exchange, (x, position) => this.#stateless.send(x, position), this.#options.log);
  }

  /** Asks the one question that only a modern server answers, in the name of the exchange. */
  async #answersDiscover(exchange: Exchange): Promise<boolean> {
    const call: Call = { method: 'server/discover', params: envelopeOf(exchange.call) };
    try {
      const outcome = await this.#stateless.send(derived(exchange, { call, notify: () => undefined }));
      return isModernAnswer(outcome);
    } catch (error) {
      if (exchange.signal.aborted) throw error;
      return false;
    }
  }
}

/** An attempt that may fail in any way: a server may have moved on since it was remembered. */
async function forgiving(
  exchange: Exchange,
  session: LegacySession,
  attempt: () => Promise<Attempted>,
): Promise<Attempted> {
  try {
    return await attempt();
  } catch (error) {
    if (exchange.signal.aborted) throw error;
    return { other: undefined, ...(isProven(session) && { proven: error }) };
  }
}

function isProven(session: LegacySession): boolean {
  return session instanceof SseSession && session.proven;
}

/** Whether the user must act before the server shows what it speaks. */
function asksForUser(error: unknown): boolean {
  return error instanceof ProxyError && error.code === 'unauthorized';
}

/** Whether a notification belongs to the modern era; one that cannot be read is for the server to judge. */
function isModern(call: Call): boolean {
  try {
    return declaredRevision(call) !== undefined;
  } catch {
    return false;
  }
}

function describe(transport: TransportName, reply: Reply): string {
  const name = transport === 'http' ? 'Streamable HTTP' : 'HTTP+SSE';
  const version = 'result' in reply ? asString(peek(reply.result, 'protocolVersion')) : undefined;
  return version ? `${name}, ${printable(version, 20)}` : name;
}

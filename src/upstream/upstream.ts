/**
 * The session with the server behind one URL: finds out which transport and which era the server
 * speaks, with the client's own first message as the only probe, and stays with them.
 */
import type { Era, Exchange, Session } from '../core/exchange.ts';
import type { Json } from '../core/json.ts';
import type { Call, Reply } from '../core/jsonrpc.ts';
import type { ProxyError } from '../errors.ts';
import { declaredRevision, mayDeclareRevision } from '../mcp/envelope.ts';
import { isHandshake } from '../mcp/methods.ts';
import type { ConnectOptions } from './context.ts';
import { FailureLog } from './failure-log.ts';
import { LegacyUpstream } from './legacy.ts';
import { ModernUpstream } from './modern.ts';

export class Upstream implements Session {
  readonly #legacy: LegacyUpstream;
  readonly #modern: ModernUpstream;

  constructor(options: ConnectOptions) {
    const failures = new FailureLog(options.log, options.advise);
    const modern = new ModernUpstream(options, failures);
    this.#legacy = new LegacyUpstream(options, failures, modern);
    this.#modern = modern;
  }

  get established(): boolean {
    return this.#legacy.session !== undefined || this.#modern.established;
  }

  get era(): Era | undefined {
    return this.#modern.era ?? (this.#legacy.session ? 'legacy' : undefined);
  }

  modernLeg(initialize: Exchange, reply: Reply): Promise<Json | undefined> | undefined {
    const { sessionless, remembered } = this.#legacy;
    return sessionless && 'result' in reply ? this.#modern.leg(initialize, reply.result, remembered) : undefined;
  }

  request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    // Nearly every call of a legacy client takes this path, without waiting a turn.
    const session = isHandshake(call) || mayDeclareRevision(call) ? undefined : this.#legacy.session;
    return session ? session.request(exchange) : this.#request(exchange);
  }

  #request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    let revision: string | undefined;
    try {
      revision = declaredRevision(call);
    } catch (error) {
      return Promise.reject(error);
    }
    const isModern = revision !== undefined || call.method === 'server/discover';
    return isModern ? this.#modern.request(exchange, revision) : this.#legacy.request(exchange);
  }

  notify(call: Call): Promise<void> | undefined {
    const { opened, session } = this.#legacy;
    if (opened) return opened.then(() => this.notify(call));
    return session && !isModern(call) ? session.notify(call) : this.#modern.notify(call);
  }

  async announces(): Promise<boolean> {
    const { session } = this.#legacy;
    return session && 'announces' in session ? session.announces() : true;
  }

  async close(limit: number): Promise<void> {
    // A session that is being opened can be ended at the server only once it is open.
    await this.#legacy.closeOpening(limit);
    await Promise.all([this.#modern.close(limit), this.#legacy.close(limit)]);
  }

  destroy(reason: ProxyError): void {
    this.#legacy.destroy(reason);
    this.#modern.destroy(reason);
  }
}

/** Whether a notification belongs to the modern era; the server judges one that cannot be read. */
function isModern(call: Call): boolean {
  try {
    return declaredRevision(call) !== undefined;
  } catch {
    return false;
  }
}

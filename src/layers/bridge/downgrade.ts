/**
 * Bridges a modern client to a legacy server. Clients and servers of the same era pass: their requests go straight to
 * the server, whose answer to the first one shows which era it speaks.
 */
import type { Exchange, Handler, Peer, Session } from '../../core/exchange.ts';
import { JsonError, peek } from '../../core/json.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import { type Connect, changed, type Layer } from '../../core/layer.ts';
import { LegacyOnly, ModernOnly, type ProxyError } from '../../errors.ts';
import { declaredRevision } from '../../mcp/envelope.ts';
import type { Bridge } from './held/bridge.ts';

/** How long a session may take to end after another server has replaced its own, in milliseconds. */
const CLOSE_LIMIT = 5_000;

/** Makes the bridge of one client to the server that `connect` opens sessions with. */
export type MakeBridge = (connect: Connect) => Promise<Bridge>;

/**
 * @param makeBridge loads the bridge: most clients do not need it.
 * @param shared joins the session that all clients share; undefined where the bridge opens sessions in the client's name
 */
export function downgrade(makeBridge: MakeBridge, shared?: Connect): Layer {
  return (inner) => (client) => {
    const lendable = new LendableSession(inner, client);
    let bridge: Bridge | undefined;
    let making: Promise<Bridge> | undefined;
    const cross = async (exchange: Exchange, error: unknown): Promise<Reply> => {
      if (!(error instanceof LegacyOnly)) throw error;
      making ??= makeBridge(shared ?? ((peer) => lendable.connect(peer)));
      bridge = await making;
      return error.answer ? bridge.answered(exchange, error.answer) : bridged(bridge, exchange);
    };
    /** The server speaks 2026-07-28 now: its bridge and what that has opened are of no use any more. */
    const retire = (): void => {
      lendable.renew();
      bridge?.close(CLOSE_LIMIT);
      bridge = undefined;
      making = undefined;
    };
    const bridged = (over: Bridge, exchange: Exchange): Promise<Reply> => {
      return over.request(exchange).catch((error: unknown) => {
        if (!(error instanceof ModernOnly)) throw error;
        if (over === bridge) retire();
        // The answers to a question that the old server has asked mean nothing to the new one.
        if (peek(exchange.call.params, 'requestState')) throw error;
        return lendable.own.request(exchange);
      });
    };
    const request: Handler = (exchange) => {
      if (bridge?.replaced) retire();
      // A bridge without a session knows no more of the server than a new client does.
      if (bridge && !bridge.empty && isModern(exchange.call)) return bridged(bridge, exchange);
      if (exchange.call.method === 'initialize') {
        bridge?.closeUnused();
        lendable.reserve();
      }
      // A modern server has shown that it needs no bridge.
      const { session } = lendable;
      if (session.era === 'modern') return session.request(exchange);
      const replied = lendable.own.request(exchange);
      // No server asks an older client to cross, so its requests need no handler.
      return isModern(exchange.call) ? replied.catch((error: unknown) => cross(exchange, error)) : replied;
    };
    return {
      request,
      notify: (call) => (bridge && isModern(call) ? bridge.notify(call) : lendable.own.notify(call)),
      get established() {
        return lendable.session.established || (bridge?.established ?? false);
      },
      get era() {
        return lendable.session.era;
      },
      announces: () => lendable.own.announces?.() ?? Promise.resolve(true),
      async close(limit) {
        // First the bridge: what it cancels belongs to the session.
        const closing = bridge ? bridge.close(limit) : making?.then((made) => made.close(limit));
        await Promise.all([closing, lendable.close(limit)]);
      },
      destroy(reason) {
        if (bridge) bridge.destroy(reason);
        else making?.then((made) => made.destroy(reason)).catch(() => {});
        lendable.destroy(reason);
      },
    };
  };
}

/**
 * The client's session with the server. The bridge takes it over if the client does not open it itself: it has found out
 * the era of the server, and a local server need not be started a second time.
 */
class LendableSession {
  session: Session;
  readonly #inner: Connect;
  readonly #client: Peer;
  /** Gets what the server says outside of requests. */
  #hearer: Peer;
  #lent = false;
  /** The client has opened a session. */
  #reserved = false;
  /** The client's session after the first one was lent. */
  #second: Session | undefined;

  constructor(inner: Connect, client: Peer) {
    this.#inner = inner;
    this.#client = client;
    this.#hearer = client;
    this.session = this.#open();
  }

  /** Begins anew with a server that has replaced the one before; who has the session now closes it. */
  renew(): void {
    if (!this.#lent) return;
    this.#lent = false;
    this.#hearer = this.#client;
    this.session = this.#open();
  }

  #open(): Session {
    return this.#inner({
      notify: (call) => this.#hearer.notify(call),
      ask: (call, signal) => this.#hearer.ask(call, signal),
      room: () => this.#hearer.room(),
    });
  }

  /** The session for the client's own messages. */
  get own(): Session {
    return this.#second ?? this.session;
  }

  /** The client opens a session. */
  reserve(): void {
    this.#reserved = true;
    if (this.#lent) this.#second ??= this.#inner(this.#client);
  }

  /** Opens a session for the bridge. */
  connect(peer: Peer): Session {
    if (this.#lent || this.#reserved) return this.#inner(peer);
    this.#lent = true;
    this.#hearer = peer;
    const { session } = this;
    const giveBack = async (limit: number): Promise<void> => {
      if (session !== this.session) return session.close(limit);
      this.#lent = false;
      this.#hearer = this.#client;
    };
    return changed(session, { close: giveBack });
  }

  async close(limit: number): Promise<void> {
    await Promise.all([this.session.close(limit), this.#second?.close(limit)]);
  }

  destroy(reason: ProxyError): void {
    this.session.destroy(reason);
    this.#second?.destroy(reason);
  }
}

/** Whether a message is of the modern era; the server judges one that cannot be read. */
function isModern(call: Call): boolean {
  if (call.method === 'server/discover') return true;
  try {
    return declaredRevision(call) !== undefined;
  } catch (error) {
    if (error instanceof JsonError) return false;
    throw error;
  }
}

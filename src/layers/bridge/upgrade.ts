/** Puts a client of an older revision in front of a server of 2026-07-28. */
import type { Exchange, Peer, Session } from '../../core/exchange.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import { changed, type Layer } from '../../core/layer.ts';
import type { Log } from '../../core/ports.ts';
import { drained } from '../../core/timer.ts';
import { LegacyOnly, ModernOnly, type ProxyError } from '../../errors.ts';
import type { ModernServer } from './modern-server.ts';
import type { TaskOnlyTools } from './tasks/task-only-tools.ts';

/** A capability of 2025-11-25. A key spelled with escapes is not heard. */
const TASKS = Buffer.from('"tasks"');

export interface UpgradeOptions {
  readonly log: Log;
  /** The host of the server, which names a server that does not name itself. */
  readonly host: string;
}

/** Bridges the clients whose `initialize` the server has no answer to, or no session for. */
export function upgrade(options: UpgradeOptions): Layer {
  return (inner) => (client) => {
    const server = inner(client);
    const upgraded = new Upgraded(server, client, options);
    return changed(server, {
      request: (exchange) => upgraded.request(exchange),
      notify: (call) => upgraded.notify(call),
      close: (limit) => upgraded.close(limit),
      destroy: (reason) => upgraded.destroy(reason),
    });
  };
}

/** The session of one client, over the bridge if it needs that. */
class Upgraded {
  readonly #server: Session;
  readonly #client: Peer;
  readonly #options: UpgradeOptions;
  #bridge: ModernServer | undefined;
  /** For a server of the client's own era with tools that can only be called as tasks. */
  #tasks: TaskOnlyTools | undefined;
  /** Settles when it is known whether the client needs the bridge. */
  #opening: Promise<unknown> | undefined;
  /** The `initialize` that was sent last. */
  #initialize: Call | undefined;
  #initialized = false;

  constructor(server: Session, client: Peer, options: UpgradeOptions) {
    this.#server = server;
    this.#client = client;
    this.#options = options;
  }

  request(exchange: Exchange): Promise<Reply> {
    if (this.#opening) return this.#opening.then(() => this.request(exchange));
    if (exchange.call.method !== 'initialize') {
      const used = this.#bridge;
      return this.#target()
        .request(exchange)
        .catch((error) => this.#again(exchange, used, error));
    }
    const opened = this.#open(exchange);
    const settled = opened.then((done) => done.settled).catch(() => {});
    this.#opening = settled.then(() => {
      this.#opening = undefined;
    });
    return opened.then(({ reply }) => reply);
  }

  notify(call: Call): Promise<void> | undefined {
    if (this.#opening) return this.#opening.then(() => this.notify(call));
    if (call.method === 'notifications/initialized') this.#initialized = true;
    return (this.#bridge ?? this.#server).notify(call);
  }

  async close(limit: number): Promise<void> {
    const left = await drained(this.#bridge?.idle() ?? Promise.resolve(), limit);
    this.#bridge?.end();
    this.#tasks?.end();
    await this.#server.close(left);
  }

  destroy(reason: ProxyError): void {
    this.#bridge?.destroy(reason);
    this.#tasks?.end();
    this.#server.destroy(reason);
  }

  /** A method, because V8 calls private getters in a slow way, and every request passes here. */
  #target(): Pick<Session, 'request'> {
    return this.#bridge ?? this.#tasks ?? this.#server;
  }

  /** Resolves with the answer, and with the wait for what must be known before the next request. */
  async #open(exchange: Exchange): Promise<{ reply: Reply; settled?: unknown }> {
    this.#initialized = false;
    this.#bridge?.end();
    this.#tasks?.end();
    this.#bridge = undefined;
    this.#tasks = undefined;
    this.#initialize = exchange.call;
    const parts = { ...this.#options, server: this.#server, client: this.#client };
    try {
      const reply = await this.#server.request(exchange);
      // The text of nearly every server rules tasks out.
      if ('result' in reply && reply.result.includes(TASKS)) {
        const { TaskOnlyTools } = await import('./tasks/task-only-tools.ts');
        this.#tasks = TaskOnlyTools.of(this.#server, reply.result, this.#options.log);
      }
      const settled = this.#server.modernLeg?.(exchange, reply)?.then(async (discovered) => {
        if (!discovered) return;
        this.#bridge = (await crossing()).bridgeTo(discovered, exchange.call, parts);
        if (this.#initialized) this.#bridge.ready();
      });
      return { reply, settled };
    } catch (error) {
      if (!(error instanceof ModernOnly)) throw error;
      const found = await (await crossing()).cross(exchange, error, parts);
      this.#bridge = found.bridge;
      return found;
    }
  }

  /**
   * After an error that says that the server has given way to one of the other era: opens the session there, and sends
   * the request once more, of which nothing has run.
   * @param used the bridge that the request went over, if any.
   */
  async #again(exchange: Exchange, used: ModernServer | undefined, error: unknown): Promise<Reply> {
    const initialize = this.#initialize;
    const isReplaced = used ? error instanceof LegacyOnly : error instanceof ModernOnly;
    if (!initialize || !isReplaced) throw error;
    // Another request may have met the change before.
    if (!this.#opening && used === this.#bridge) {
      const repeat = used?.repeat ?? (error instanceof ModernOnly ? error.repeat : []);
      this.#opening = this.#reopen(initialize, repeat, used).then(() => {
        this.#opening = undefined;
      });
    }
    await this.#opening;
    return this.#target().request(exchange);
  }

  /** Never rejects. */
  async #reopen(initialize: Call, repeat: readonly Call[], used: ModernServer | undefined): Promise<void> {
    const initialized = this.#initialized;
    const { reopen } = await crossing();
    const isOpen = await reopen(
      { initialize, initialized, repeat },
      { open: (own) => this.#open(own), client: this.#client, session: () => this.#bridge ?? this.#server },
    );
    this.#initialized = initialized;
    // Otherwise the next request meets the change again.
    if (!isOpen) this.#bridge = used;
  }
}

/** Loaded on demand: most servers speak an era of their client. */
function crossing(): Promise<typeof import('./crossing.ts')> {
  return import('./crossing.ts');
}

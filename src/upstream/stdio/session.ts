/** The session of one client with a local server, in whichever era each of its messages belongs to. */
import type { Era, Exchange, Peer, Session } from '../../core/exchange.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { drained } from '../../core/timer.ts';
import type { ProxyError } from '../../errors.ts';
import { declaredRevision, mayDeclareRevision } from '../../mcp/envelope.ts';
import { isHandshake } from '../../mcp/methods.ts';
import type { LinkHandlers } from '../../wire/link.ts';
import { OpenCalls } from '../../wire/open-calls.ts';
import type { Child } from './child.ts';
import type { IdleMemory } from './idle-memory.ts';
import { LocalProcess, type ProcessOptions } from './kept-process.ts';
import { LocalLegacySession } from './legacy.ts';
import { ModernSession } from './modern.ts';

/** What a process does with the messages of the server, and how it waits for its clients. */
export interface ProcessHandlers extends LinkHandlers {
  readonly room: () => Promise<void> | undefined;
}

export interface SessionOptions extends Pick<ProcessOptions, 'name' | 'idle' | 'starts'> {
  readonly log: Log;
  readonly peer: Peer;
  readonly launch: (handlers: ProcessHandlers) => Promise<Child>;
  /** Undefined where processes are never stopped. */
  readonly memory: IdleMemory | undefined;
  /** What serves the modern requests of all clients; undefined when there is one client, whose process does. */
  readonly modern: ModernSession | undefined;
}

export class LocalSession implements Session {
  readonly #process: LocalProcess;
  readonly #legacy: LocalLegacySession;
  readonly #modern: ModernSession;
  /** The modern requests of this client, where one process serves those of all clients. */
  readonly #shared: OpenCalls | undefined;

  constructor({ name, idle, starts, log, peer, launch, memory, modern }: SessionOptions) {
    const process = (): LocalProcess => this.#process;
    const own = modern ?? new ModernSession({ name, log, process, only: peer });
    const legacy = new LocalLegacySession({
      name,
      log,
      peer,
      process,
      memory,
      answersDiscover: (child, exchange) => own.answersDiscover(child, exchange),
      takeOver(child) {
        own.takeOver();
        // Another process serves the modern requests of all clients.
        if (modern) process().discard(child);
      },
      replaced: () => own.replacesLegacy,
    });
    const handlers: ProcessHandlers = {
      request: (exchange) => legacy.asked(exchange),
      notify(call) {
        const told = modern ? false : own.told(call);
        return told === false ? legacy.told(call) : told;
      },
      // Where all clients share another process, this one gets no subscriptions.
      unsubscribed: modern ? undefined : (id, note) => own.unsubscribed(id, note),
      room: () => peer.room(),
    };
    this.#shared = modern && new OpenCalls();
    this.#legacy = legacy;
    this.#modern = own;
    this.#process = new LocalProcess({
      name,
      log,
      idle,
      starts,
      launch: () => launch(handlers),
      restore: (child) => legacy.restore(child),
      needed: () => legacy.open,
      idled: () => legacy.idled(),
    });
  }

  get established(): boolean {
    return this.#process.answered || this.#legacy.open || this.#modern.era !== undefined;
  }

  get era(): Era | undefined {
    return this.#legacy.open ? 'legacy' : this.#modern.era;
  }

  request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    // Nearly every call of a legacy client takes this path, without waiting a turn.
    return isHandshake(call) || mayDeclareRevision(call) ? this.#request(exchange) : this.#legacy.request(exchange);
  }

  async #request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    const revision = declaredRevision(call);
    const isModern = revision !== undefined || call.method === 'server/discover';
    if (!isModern) return this.#legacy.request(exchange);
    const answer = this.#modern.request(exchange, revision);
    return this.#shared ? this.#shared.during(exchange, answer) : answer;
  }

  notify(call: Call): Promise<void> | undefined {
    return isModern(call) ? this.#modern.notify(call) : this.#legacy.notify(call);
  }

  async close(limit: number): Promise<void> {
    await this.#process.close(this.#shared ? await drained(this.#shared.idle(), limit) : limit);
  }

  destroy(reason: ProxyError): void {
    this.#shared?.destroy(reason);
    this.#process.destroy(reason);
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

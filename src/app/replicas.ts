/** This process as one of several replicas. Loaded with `--state` only. */
import type { Replays } from '../core/ports/replay.ts';
import type { SessionRecords } from '../core/ports/replicas.ts';
import type { Sessions } from '../core/ports/sessions.ts';
import { NOT_YET, type Peeked } from '../core/ports.ts';
import type { HttpSession } from '../downstream/http/contracts.ts';
import { Elsewhere, type ElsewhereOptions } from '../downstream/http/replicas/elsewhere.ts';
import { type HopListener, listenForHops } from '../downstream/http/replicas/hop-listener.ts';
import { Hops } from '../downstream/http/replicas/hops.ts';
import type { HttpDownstream } from '../downstream/http/router.ts';
import { ProxyError } from '../errors.ts';
import { mirroredReplays } from '../state/mirrored-replays.ts';
import type { SharedState } from '../state/redis/shared-state.ts';
import type { Environment } from './environment.ts';

/** How long a start waits for the store, in milliseconds. Then it goes on, and enters the register later. */
const START_LIMIT = 5_000;

/** In what time every other replica has read the register again, in milliseconds. */
const NOTICED = 2_000;

/** How much longer than a session its record lives, in milliseconds. */
const RECORD_MARGIN = 60_000;

function sessionOf(sessions: Sessions<HttpSession>, id: string): Peeked<HttpSession> {
  return sessions.peek(id, 'streamable') ?? sessions.peek(id, 'sse');
}

/** What the others may do with the sessions of this replica. */
function movable(
  sessions: Sessions<HttpSession>,
  records: SessionRecords,
): Pick<ElsewhereOptions, 'isHere' | 'release'> {
  const find = (id: string): Peeked<HttpSession> => sessionOf(sessions, id);
  return {
    isHere: (id) => find(id) !== undefined,
    async release(id) {
      const session = find(id);
      if (session === undefined || session === NOT_YET || session.kind !== 'streamable' || session.busy) return false;
      await records.release(id);
      // A request that has begun here meanwhile ends here.
      sessions.abandon(session);
      return true;
    },
  };
}

export class ReplicaMember {
  readonly elsewhere: Elsewhere;
  readonly records: ReturnType<SharedState['records']>;
  readonly #shared: SharedState;
  readonly #hops: Hops;
  readonly #log: Environment['log'];
  #listener: HopListener | undefined;
  #entering: Promise<void> | undefined;
  #closed = false;

  /**
   * @param idle milliseconds after which an unused session ends
   * @param sessions those of this replica
   */
  constructor(
    shared: SharedState,
    { log, idle, sessions }: { log: Environment['log']; idle: number; sessions: Sessions<HttpSession> },
  ) {
    const [key] = shared.replicaKeys;
    if (!key) throw new ProxyError('internal', 'replicas need a key');
    this.#shared = shared;
    this.#log = log;
    const { replicas } = shared;
    this.#hops = new Hops(replicas, key);
    this.records = shared.records(idle + RECORD_MARGIN, (id) => {
      const session = sessionOf(sessions, id);
      if (session === undefined || session === NOT_YET) return;
      if (session.kind === 'streamable') session.moved();
      sessions.abandon(session);
    });
    this.elsewhere = new Elsewhere({
      replicas,
      records: this.records,
      hops: this.#hops,
      ...movable(sessions, this.records),
    });
  }

  /** Keeps events for clients that come back here, and for those that must come back to another replica. */
  mirrored(replays: Replays): Replays {
    return mirroredReplays(replays, this.records);
  }

  /** Lets the other replicas find this one, as soon as the store can be used. */
  async enter(downstream: HttpDownstream): Promise<void> {
    const enter = (): Promise<void> => {
      this.#entering ??= this.#enter(downstream).catch((error: Error) => {
        this.#entering = undefined;
        this.#log.error(error.message);
      });
      return this.#entering;
    };
    this.#shared.onReady(enter);
    await this.#shared.ready(START_LIMIT);
    if (this.#shared.trouble === undefined) await enter();
  }

  async #enter(downstream: HttpDownstream): Promise<void> {
    const { localAddress: address, replicas, replicaKeys: keys } = this.#shared;
    if (address === undefined || this.#closed) return;
    this.#listener = await listenForHops({ address, own: replicas.id, keys, handle: downstream.hop });
    await replicas.enter({ address, port: this.#listener.port });
    this.#log.debug(`replica ${replicas.id} takes requests of others on ${address}:${this.#listener.port}`);
  }

  /** From now on, the others send nothing new. */
  async drain(): Promise<void> {
    this.#closed = true;
    await this.#shared.replicas.drain().catch(() => {});
  }

  /** Resolves when the others no longer send anything. */
  async leave(limit: number): Promise<void> {
    await this.#shared.replicas.leave();
    await new Promise((resolve) => setTimeout(resolve, Math.min(limit, NOTICED)));
  }

  async close(limit: number): Promise<void> {
    await this.#listener?.close(limit);
  }

  destroy(): void {
    this.records.close();
    this.#hops.close();
    this.#listener?.destroy();
    this.#shared.close();
  }
}

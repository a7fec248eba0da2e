/** Finds the requests that belong to another replica, and has them served there. */
import type { Message } from '../../../core/jsonrpc.ts';
import type { ReplicaPlace, Replicas, SessionRecords } from '../../../core/ports/replicas.ts';
import { ProxyError } from '../../../errors.ts';
import { replyFrom } from '../../../wire/replies.ts';
import type { Request } from '../contracts.ts';
import { type Refusal, refused } from '../refusal.ts';
import { REPLICA_ENDED } from '../sessions/reopened-session.ts';
import { type Away, type AwayOutcome, HERE, SHUTTING_DOWN, withId } from './away.ts';
import { callHandle, sessionHandle } from './handles.ts';
import { MISDIRECTED } from './hop-listener.ts';
import type { HopBody, Hops } from './hops.ts';

/** A replica that may have a session. */
interface SessionPlace {
  readonly id: string;
  /** Whether the session may move there now. */
  readonly moves: boolean;
}

export interface ElsewhereOptions {
  readonly replicas: Replicas;
  readonly records: SessionRecords;
  readonly hops: Pick<Hops, 'send' | 'idle' | 'end'>;
  /** Whether this replica has a session, whichever one it began at. */
  readonly isHere: (session: string) => boolean;
  /**
   * Lets another replica go on with a session of this one. Resolves with false, and does nothing, while calls are in
   * flight; rejects when the store cannot be used.
   */
  readonly release: (session: string) => Promise<boolean>;
}

/** Goes on with a session here. Resolves with whether that is possible. */
export type Adopt = (id: string, record: Buffer) => Promise<boolean>;

export class Elsewhere {
  readonly #options: ElsewhereOptions;
  /** The sessions that are moving to this replica. */
  readonly #moving = new Map<string, Promise<typeof HERE | string | undefined>>();

  /** Refuses what has not been passed on when this replica ends. */
  readonly #refusing = new Set<() => void>();

  constructor(options: ElsewhereOptions) {
    this.#options = options;
  }

  /** Resolves when no call that was passed on waits for its answer. */
  idle(): Promise<void> {
    return this.#options.hops.idle();
  }

  /** This replica ends: every call that it has passed on, or was about to, gets an answer. */
  end(): void {
    this.#options.hops.end();
    // Those that were passed on get theirs first.
    setImmediate(() => {
      for (const refuse of [...this.#refusing]) refuse();
    });
  }

  /** A request without messages, in a session of another replica. */
  inSession(request: Request, ending: boolean, adopt: Adopt): Away {
    const session = sessionHandle(request.req);
    return session === undefined ? undefined : this.#inSession(session, request, { ...NO_MESSAGES, ending }, adopt);
  }

  /** A request that another replica has passed on. */
  arrived(request: Request, { moves, ending }: { moves: boolean; ending: boolean }, adopt: Adopt): Away {
    const session = sessionHandle(request.req);
    if (session === undefined) return undefined;
    if (!this.#moving.has(session) && this.#options.isHere(session)) {
      return ending
        ? this.#release(session).then((released) => (this.#stays(session, released) ? HERE : NOT_HERE))
        : undefined;
    }
    if (!moves && !this.#moving.has(session)) return Promise.resolve(NOT_HERE);
    return this.#move(session, adopt).then(
      (taken) => (taken === HERE ? HERE : NOT_HERE),
      () => NOT_HERE,
    );
  }

  /** A POST that belongs to another replica, or that this one is too close to its end for. */
  post(request: Request, messages: readonly Message[], what: PostedBody, adopt: Adopt): Away {
    const { body, ending, key } = what;
    const session = sessionHandle(request.req);
    const ids = messages.flatMap((message) => (message.kind === 'request' ? [message.id] : []));
    if (session !== undefined) return this.#inSession(session, request, { body, ids, ending }, adopt);
    const { replicas } = this.#options;
    const handle = callHandle(messages[0]);
    const home = handle === undefined ? undefined : replicas.homeOf(handle);
    const passed = { body, ids };
    if (home !== undefined && home !== replicas.id)
      return this.#untilEnd(this.#send(home, request, passed, CALL_LOST), passed);
    const meetsAt = home === undefined && key !== undefined ? replicas.rendezvous(key) : undefined;
    if (meetsAt) return this.#untilEnd(this.#meet(meetsAt, request, { ...passed, returns: !ending }), passed);
    const other = ending && ids.length > 0 ? replicas.other() : undefined;
    return other && this.#untilEnd(this.#send(other.id, request, passed, AWAY), passed);
  }

  /** The outcome, or a refusal if this replica ends before it is known. */
  #untilEnd(outcome: AwayOutcome, { ids }: HopBody): AwayOutcome {
    return new Promise((resolve, reject) => {
      const refuse = (): void => resolve(withId(SHUTTING_DOWN, ids));
      this.#refusing.add(refuse);
      outcome.then(resolve, reject).finally(() => this.#refusing.delete(refuse));
    });
  }

  #inSession(session: string, request: Request, given: HopBody & { ending: boolean }, adopt: Adopt): Away {
    const { replicas, isHere } = this.#options;
    const { ending, ...what } = given;
    const home = replicas.homeOf(session);
    if (home === undefined) return undefined;
    if (!this.#moving.has(session) && isHere(session)) {
      return ending ? this.#untilEnd(this.#handOver(session, request, what, adopt), what) : undefined;
    }
    const other = ending && home === replicas.id ? replicas.other() : undefined;
    // An earlier request may have given the session to the other one.
    const first = other ? { id: other.id, moves: true } : { id: home, moves: false };
    return this.#untilEnd(this.#follow(first, session, request, what, adopt), what);
  }

  /** This replica is about to end: another one goes on with the session. */
  async #handOver(session: string, request: Request, what: HopBody, adopt: Adopt): AwayOutcome {
    const other = this.#options.replicas.other();
    if (!other) return what.ids.length > 0 ? withId(SHUTTING_DOWN, what.ids) : HERE;
    if (this.#stays(session, await this.#release(session))) return HERE;
    return this.#follow({ id: other.id, moves: true }, session, request, what, adopt);
  }

  #release(session: string): Promise<boolean> {
    return this.#options.release(session).catch(() => false);
  }

  /** Whether a session goes on here after an attempt to release it, which another request may have done meanwhile. */
  #stays(session: string, released: boolean): boolean {
    return !released && this.#options.isHere(session);
  }

  /** Passes a request on to wherever its session is, beginning with one replica, or serves it here once it is here. */
  async #follow(first: SessionPlace, session: string, request: Request, what: HopBody, adopt: Adopt): AwayOutcome {
    const { replicas, hops } = this.#options;
    const { res } = request;
    const until = performance.now() + PATIENCE;
    let target = first;
    try {
      for (let round = 0; round === 0 || performance.now() < until; round++) {
        if (round > 0) await new Promise((resolve) => setTimeout(resolve, RETRY));
        const isOwn = target.id === replicas.id || this.#moving.has(session);
        const place = isOwn ? undefined : await replicas.find(target.id);
        if (res.destroyed) return undefined;
        const outcome = place && (await hops.send(place, request, { ...what, moves: target.moves }));
        if (outcome?.kind === 'served') return undefined;
        if (outcome?.kind === 'refused') return outcome.refusal;
        // A replica that has just died counts as running for a few seconds, in which it takes no connections.
        if (outcome?.kind === 'gone') continue;
        const moved = await this.#move(session, adopt);
        if (res.destroyed) return undefined;
        if (moved === HERE) return HERE;
        if (moved === undefined) return withId(UNKNOWN_SESSION, what.ids);
        target = { id: moved, moves: false };
      }
    } catch {
      // Nothing is known of the session while the store is gone: a 404 would make the client give it up.
    }
    return withId(AWAY, what.ids);
  }

  /** Moves a session here, unless another replica has it, which is then the outcome. Undefined when there is none. */
  #move(session: string, adopt: Adopt): Promise<typeof HERE | string | undefined> {
    const moving =
      this.#moving.get(session) ??
      this.#take(session, adopt).finally(() => {
        this.#moving.delete(session);
      });
    this.#moving.set(session, moving);
    return moving;
  }

  async #take(session: string, adopt: Adopt): Promise<typeof HERE | string | undefined> {
    if (this.#options.isHere(session)) return HERE;
    const taken = await this.#options.records.take(session);
    if (taken.kind === 'elsewhere') return taken.replica;
    if (taken.kind === 'none') return undefined;
    const adopted = await adopt(session, taken.record).catch(() => false);
    if (adopted) return HERE;
    // Another replica may be able to.
    await this.#options.records.release(session);
    return undefined;
  }

  /** Has a request served where others of its client are served, or here where that is not possible or not needed. */
  async #meet(place: ReplicaPlace, request: Request, what: HopBody): AwayOutcome {
    const outcome = await this.#options.hops.send(place, request, what);
    if (outcome.kind === 'served') return undefined;
    return outcome.kind === 'refused' ? outcome.refusal : HERE;
  }

  /** @param gone the answer when that replica has ended. */
  async #send(home: string, request: Request, what: HopBody, gone: Refusal): Promise<Refusal | undefined> {
    const place = await this.#options.replicas.find(home).catch(() => null);
    if (request.res.destroyed) return undefined;
    if (!place) return withId(place === null ? AWAY : gone, what.ids);
    const outcome = await this.#options.hops.send(place, request, what);
    if (outcome.kind === 'served') return undefined;
    return outcome.kind === 'refused' ? outcome.refusal : withId(AWAY, what.ids);
  }
}

/** How long to try to reach a session, and how often where its replica takes no connections; in milliseconds. */
const [PATIENCE, RETRY] = [15_000, 250];

export interface PostedBody {
  readonly body: Buffer;
  /** Whether this replica is about to end. */
  readonly ending: boolean;
  /** Requests with the same key are served by the same replica; undefined: by any. */
  readonly key: string | undefined;
}

const NO_MESSAGES: HopBody = { body: Buffer.alloc(0), ids: [] };

const UNKNOWN_SESSION = refused(404, 'this session is unknown or has ended; send initialize to start a new one');

/** For the replica that has passed the request on. */
const NOT_HERE = refused(MISDIRECTED, 'this replica does not have the session');

/** It has just ended, or the network between the two is down, or the store is, which would tell. */
const AWAY: Refusal = {
  status: 503,
  reply: replyFrom(
    new ProxyError('failed', 'the replica that this request belongs to cannot be reached', { hint: 'try again' }),
  ),
  headers: { 'retry-after': '1' },
};

const CALL_LOST: Refusal = { status: 200, reply: replyFrom(REPLICA_ENDED) };

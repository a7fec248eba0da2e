// Many clients at work at the same time, from their opening to the last message that was due.

import type { Ledger } from '../../peers/http/ledger.ts';
import { type Random, seeded } from '../../unit/core/random.ts';
import { announce, type Hearers, touchOne, type Workload, work } from './actions.ts';
import { Actor, COMMON, type Kind } from './actor.ts';
import { Expectations, type Refuses } from './expectations.ts';
import { findFaults } from './faults.ts';

export interface LoadOptions {
  readonly origin: string;
  readonly kinds: readonly Kind[];
  readonly clients: number;
  /** Calls of each client. */
  readonly calls: number;
  readonly seed: number;
  readonly ledger: Ledger;
  readonly refuses: Refuses;
  readonly hearers: (actors: readonly Actor[]) => Hearers;
  readonly cancelledEnds: boolean;
  readonly asks?: Workload['asks'];
  readonly logs?: Workload['logs'];
  /** Something that happens while no client has a call under way. */
  readonly interlude?: (workload: Workload) => Promise<void>;
}

export interface Load {
  readonly actors: readonly Actor[];
  readonly workload: Workload;
  /** What went wrong, one line for each fault. */
  faults(): string[];
  close(): Promise<void>;
}

const LEVELS = ['debug', 'info', 'warning', 'error', undefined];

export async function startLoad(options: LoadOptions): Promise<Load> {
  const { origin, kinds, clients, seed, ledger, refuses } = options;
  const expectations = new Expectations();
  const actors = Array.from({ length: clients }, (_, index) => {
    const kind = kinds[index % kinds.length] as Kind;
    // The levels go round at another pace than the kinds, so that every kind has every level.
    const level = LEVELS[Math.floor(index / kinds.length) % LEVELS.length];
    return new Actor({ name: `client-${index}`, kind, origin, hearsCommon: index % 3 !== 0, level });
  });
  const workload: Workload = {
    actors,
    expectations,
    ledger,
    hearers: options.hearers(actors),
    cancelledEnds: options.cancelledEnds,
    ...(options.asks && { asks: options.asks }),
    ...(options.logs && { logs: options.logs }),
  };
  const [first] = actors as [Actor];
  await Promise.all(actors.map((actor) => actor.open()));
  await announce(first, workload);
  const random = (index: number): Random => seeded(seed * 1_000 + index);
  await Promise.all(actors.map((actor, index) => work(actor, workload, random(index), options.calls)));
  await options.interlude?.(workload);
  // Some clients unsubscribe, while others go on listening to the same resource.
  const leaving = actors.filter(({ kind, subscriptions }, index) => {
    return kind !== 'modern' && index % 2 === 0 && subscriptions.has(COMMON);
  });
  await Promise.all(leaving.map((actor) => actor.unsubscribe(COMMON)));
  await Promise.all(actors.slice(0, 5).map((actor) => touchOne(actor, workload, COMMON)));
  await announce(first, workload);
  // A misdelivered answer would have come by now, on the stream of a call or on this one.
  await Promise.all(actors.map((actor, index) => work(actor, workload, random(index + clients), 1, 1)));
  await announce(first, workload);
  return {
    actors,
    workload,
    faults: () => findFaults(actors, expectations, ledger, refuses),
    close: async () => void (await Promise.all(actors.map((actor) => actor.close()))),
  };
}

export const nobody: Refuses = () => false;

/** Each client has a session of its own, so it alone gets what concerns the session. */
export const ownSessions = (): Hearers => (owner, level) => {
  // A server sends every message to a session that asked for no level, and none to a request that did not.
  return new Set(owner.wants(level) || (owner.level === undefined && owner.kind !== 'modern') ? [owner] : []);
};

/**
 * For the server, all clients of revisions with sessions are one client. If the transport says to which call a message
 * belongs, only that client gets it; all other messages go to every client that asked for this level.
 */
export const oneSession =
  (tells: boolean) =>
  (actors: readonly Actor[]): Hearers =>
  (owner, level, on) => {
    if (owner.kind === 'modern' || (on === 'call' && tells)) return ownSessions()(owner, level, on);
    return new Set(actors.filter((actor) => actor.kind !== 'modern' && actor.wants(level)));
  };

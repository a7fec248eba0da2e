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
  /** Something that happens while nobody has a call under way. */
  readonly interlude?: (workload: Workload) => Promise<void>;
}

export interface Load {
  readonly actors: readonly Actor[];
  readonly workload: Workload;
  /** What went wrong, a line each. */
  faults(): string[];
  close(): Promise<void>;
}

const LEVELS = ['debug', 'info', 'warning', 'error', undefined];

export async function startLoad(options: LoadOptions): Promise<Load> {
  const { origin, kinds, clients, seed, ledger, refuses } = options;
  const expectations = new Expectations();
  const actors = Array.from({ length: clients }, (_, index) => {
    const kind = kinds[index % kinds.length] as Kind;
    // Not in step with the kinds, so that every kind has every level.
    const level = LEVELS[Math.floor(index / kinds.length) % LEVELS.length];
    return new Actor({ name: `client-${index}`, kind, origin, hearsCommon: index % 3 !== 0, level });
  });
  const workload: Workload = {
    actors,
    expectations,
    ledger,
    hearers: options.hearers(actors),
    cancelledEnds: options.cancelledEnds,
  };
  const [first] = actors as [Actor];
  await Promise.all(actors.map((actor) => actor.open()));
  await announce(first, workload);
  const random = (index: number): Random => seeded(seed * 1_000 + index);
  await Promise.all(actors.map((actor, index) => work(actor, workload, random(index), options.calls)));
  await options.interlude?.(workload);
  // Some have heard enough, while others go on listening to the same.
  const leaving = actors.filter(({ kind, subscriptions }, index) => {
    return kind !== 'modern' && index % 2 === 0 && subscriptions.has(COMMON);
  });
  await Promise.all(leaving.map((actor) => actor.unsubscribe(COMMON)));
  await Promise.all(actors.slice(0, 5).map((actor) => touchOne(actor, workload, COMMON)));
  await announce(first, workload);
  // An answer to nobody would have come by now on the stream of a call, or on this one.
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

/** Each client has a session of its own: it alone hears what the session has to say. */
export const ownSessions = (): Hearers => (owner, level) => {
  // A server sends everything to a session that asked for no level, and nothing to a request that did not.
  return new Set(owner.wants(level) || (owner.level === undefined && owner.kind !== 'modern') ? [owner] : []);
};

/**
 * All clients of the revisions with sessions are one for the server. What comes with the answer to a call is its owner's,
 * if the transport tells; everything else is for all who asked for messages of this level.
 */
export const oneSession =
  (tells: boolean) =>
  (actors: readonly Actor[]): Hearers =>
  (owner, level, on) => {
    if (owner.kind === 'modern' || (on === 'call' && tells)) return ownSessions()(owner, level, on);
    return new Set(actors.filter((actor) => actor.kind !== 'modern' && actor.wants(level)));
  };

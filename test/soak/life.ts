// The life of one client in a soak: it connects, does some things, and leaves, most often without a word.

import {
  type Action,
  ask,
  cancel,
  echo,
  log,
  progress,
  start,
  touchOne,
  type Workload,
} from '../blackbox/sharing/actions.ts';
import { Actor, type Kind } from '../blackbox/sharing/actor.ts';
import { Expectations, type Refuses } from '../blackbox/sharing/expectations.ts';
import { findFaultsOf } from '../blackbox/sharing/faults.ts';
import type { Ledger } from '../peers/http/ledger.ts';
import { StreamableClient } from '../peers/http/streamable-client.ts';
import type { Random } from '../unit/core/random.ts';

/** One program under test, and the server behind it. */
export interface SoakTarget {
  readonly name: string;
  readonly origin: string;
  readonly ledger: Ledger;
  readonly kinds: readonly Kind[];
  readonly refuses: Refuses;
  /** Whether the server's transport tells what belongs to which call. */
  readonly tells: boolean;
}

/** Longer than the program gives anyone to open something: what is open by then must stay open. */
const REST_MS = 35_000;

export interface Life {
  readonly actor: Actor;
  /** Fails when the client could not do what it wanted. */
  live(random: Random): Promise<void>;
  /** What went wrong, one line for each fault. Ask once, when nothing is under way any more. */
  faults(): string[];
  readonly calls: number;
}

export function createLife(name: string, target: SoakTarget, random: Random): Life {
  const { origin, ledger, refuses, tells } = target;
  const kind = random.pick(target.kinds);
  // Log messages of its own calls, at a level it asks for: it must get every one, whatever other clients do.
  const actor = new Actor({ name, kind, origin, hearsCommon: false, level: 'debug' });
  const expectations = new Expectations();
  const workload: Workload = {
    actors: [actor],
    expectations,
    ledger,
    hearers: (owner) => new Set([owner]),
    cancelledEnds: true,
  };
  return {
    actor,
    live: (chance) => live(actor, workload, chance, tells ? [...DEEDS, listenAgain] : DEEDS),
    faults() {
      const wrong = findFaultsOf([actor], expectations, ledger, refuses);
      // A soak is long, and the server remembers everything.
      for (const { nonce } of expectations.calls) {
        ledger.executions.delete(nonce);
        ledger.cancels.delete(nonce);
        ledger.answers.delete(nonce);
      }
      return wrong;
    },
    get calls() {
      return expectations.calls.length;
    },
  };
}

async function live(actor: Actor, workload: Workload, random: Random, actions: readonly Action[]): Promise<void> {
  try {
    await actor.open();
    if (random.chance(0.02)) {
      await pause(REST_MS);
      await touchOwn(actor, workload, random);
    }
    const hand = async (): Promise<void> => {
      for (let left = random.int(8); left > 0; left--) {
        await random.pick(actions)(actor, workload, random);
        await pause(random.int(400));
      }
    };
    await Promise.all([hand(), hand()]);
    if (random.chance(0.4)) return await actor.close();
    if (random.chance(0.5)) {
      const delay = random.int(500);
      start(actor, workload, 'echo', { delay }).record.abandoned = true;
      // A request that is on its way, under way, or just answered.
      await pause(random.int(delay + 20));
    }
  } finally {
    actor.client.vanish();
  }
}

/** Changes what only this client listens to, and waits until it is told. */
const touchOwn: Action = async (actor, workload) => {
  const heard = actor.client.arrivals.next('notifications/resources/updated');
  await touchOne(actor, workload, `count://${actor.name}`);
  await heard;
};

/**
 * Its stream breaks off and goes on where it was, or another one replaces it: nothing is lost, and nothing comes twice.
 * Only where progress comes with the answer it belongs to, because two streams have no order between them.
 */
const listenAgain: Action = async (actor, _stage, random) => {
  const { client, stream } = actor;
  if (!(client instanceof StreamableClient) || stream === undefined) return;
  // One at a time.
  actor.stream = undefined;
  if (random.chance(0.5)) {
    // Without an event to resume from, nobody could say what was missed.
    const lastEventId = client.arrivals.all.findLast((arrival) => arrival.stream.kind === 'GET')?.eventId;
    if (lastEventId !== undefined) {
      stream.destroy();
      await stream.ended;
      await pause(random.int(50));
    }
    // What has come in the meantime arrived before the stream was gone.
    const last = client.arrivals.all.findLast((arrival) => arrival.stream.kind === 'GET')?.eventId;
    actor.stream = await client.listen({ lastEventId: last });
  } else {
    actor.stream = await client.listen();
    await stream.ended;
  }
};

const logOnCall: Action = (actor, workload, random) => log(actor, workload, random, 'call');

const DEEDS: readonly Action[] = [echo, echo, echo, progress, progress, cancel, ask, logOnCall, touchOwn, touchOwn];

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

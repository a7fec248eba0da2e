// A bad day for replicas: clients of every kind call tools through a load balancer, while replicas are killed, replaced
// and suspended, their store fails in every way, and the network to the servers breaks. A call ends with one answer, its
// own, or with the connection to a replica that was killed; no tool runs twice; and afterwards the next call works.
import { type CountingServer, type Form, startCounting } from '../../peers/http/counting-server.ts';
import { configFile, entryOf } from '../../peers/several/config-file.ts';
import { type Random, seeded } from '../../unit/core/random.ts';
import { type FragileNetwork, fragileNetwork } from '../fragile-network.ts';
import { networkFault } from '../network-fault.ts';
import { pause } from '../pause.ts';
import { openReplicaClient, type ReplicaClient, type ReplicaKind } from './clients.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { type FragileStore, fragileStore } from './fragile-store.ts';
import { countedAs, wrongIn } from './outcomes.ts';

export interface ReplicaChaosOptions {
  readonly minutes: number;
  /** At the same time. */
  readonly clients: number;
  readonly replicas: number;
  readonly seed: number;
  readonly report: (line: string) => void;
}

export interface Survived {
  /** Calls by what they came to. */
  readonly calls: Readonly<Record<string, number>>;
  /** Faults by name. */
  readonly faults: Readonly<Record<string, number>>;
  /** How long the slowest call took, in milliseconds. */
  readonly slowest: number;
  /** What went wrong, one line for each. */
  readonly wrong: readonly string[];
}

interface Target {
  readonly form: Form;
  readonly upstream: CountingServer;
  readonly network: FragileNetwork;
  readonly kinds: readonly ReplicaKind[];
}

const TARGETS: readonly [form: Form, kinds: readonly ReplicaKind[]][] = [
  ['streamable', ['streamable', 'streamable', 'sse', 'modern']],
  ['modern', ['streamable', 'modern']],
  ['sse', ['streamable', 'sse']],
];
/** Milliseconds after which a call is worth a line. */
const SLOW = 30_000;
/** Calls of one client, before another one takes its place. */
const CALLS = 20;

interface Day {
  readonly targets: readonly Target[];
  readonly fleet: Fleet;
  readonly store: FragileStore;
  readonly seed: number;
  readonly ends: number;
  readonly calls: Map<string, number>;
  readonly took: (ms: number, what: () => string) => void;
  readonly complain: (line: string) => void;
  readonly nonce: () => string;
}

export async function replicaChaos(options: ReplicaChaosOptions): Promise<Survived> {
  const { minutes, clients, seed, report } = options;
  const wrong: string[] = [];
  const complain = (line: string): void => {
    if (wrong.length < 1_000) wrong.push(line);
    report(`WRONG ${line}`);
  };
  const targets = await Promise.all(TARGETS.map(([form, kinds]) => prepare(form, kinds)));
  const store = await fragileStore();
  const file = configFile(Object.fromEntries(targets.map(({ form, network }) => [form, entryOf(network)])));
  const fleet = await startFleet({
    count: options.replicas,
    store: store.url,
    args: ['--config', file.path],
    complain,
  });
  const faults = new Map<string, number>();
  const calls = new Map<string, number>();
  const ends = performance.now() + minutes * 60_000;
  let [nonces, slowest] = [0, 0];
  const took = (ms: number, what: () => string): void => {
    slowest = Math.max(slowest, Math.round(ms));
    if (ms > SLOW) report(`slow: ${Math.round(ms)} ms, ${what()}`);
  };
  const nonce = (): string => `n-${seed}-${++nonces}`;
  const day: Day = { targets, fleet, store, seed, ends, calls, took, complain, nonce };
  const figures = (): Survived => ({
    calls: Object.fromEntries(calls),
    faults: Object.fromEntries(faults),
    slowest,
    wrong,
  });
  const weather = async (
    offset: number,
    longest: number,
    strike: (random: Random) => Promise<string>,
  ): Promise<void> => {
    const random = seeded(seed + offset);
    while (performance.now() < ends) {
      await pause(200 + random.int(longest));
      count(faults, await strike(random));
    }
  };
  const telling = setInterval(
    () => report(JSON.stringify({ ...figures(), wrong: wrong.length })),
    Math.min(60_000, minutes * 6_000),
  );
  try {
    await Promise.all([
      weather(1, 3_000, (random) => fleet.strike(random)),
      weather(2, 4_000, async (random) => `store ${await store.strike(random)}`),
      weather(3, 3_000, async (random) => {
        const { upstream, network } = random.pick(targets);
        return `network ${networkFault(upstream, network, random)}`;
      }),
      ...Array.from({ length: clients }, (_, number) => hand(day, number)),
    ]);
    await calm(day);
  } finally {
    clearInterval(telling);
    await fleet.close();
    await store.close();
    await file.close();
    for (const { network, upstream } of targets) await network.close().then(() => upstream.close());
  }
  return figures();
}

async function prepare(form: Form, kinds: readonly ReplicaKind[]): Promise<Target> {
  const upstream = await startCounting(form);
  return { form, upstream, network: await fragileNetwork(upstream.url), kinds };
}

/** One client after the other, until the day ends. */
async function hand(day: Day, number: number): Promise<void> {
  const { targets, fleet, seed, ends, calls } = day;
  const random = seeded(seed * 1_000 + number);
  while (performance.now() < ends) {
    const target = random.pick(targets);
    const kind = random.pick(target.kinds);
    const client = await openReplicaClient(kind, `${fleet.url}/servers/${target.form}`).catch(() => undefined);
    if (!client) {
      // The opening met a fault, and its error is the one answer.
      count(calls, 'no session');
      await pause(50);
      continue;
    }
    const opened = performance.now();
    for (let id = 100; id < 100 + CALLS && performance.now() < ends && !client.over; id++) {
      const outcome = await called(day, { target, kind, client, opened, id, random });
      // A client that is told to try again does so after a while.
      if (outcome === 'refused') await pause(200);
    }
    await client.close();
  }
}

interface Turn {
  readonly target: Target;
  readonly kind: ReplicaKind;
  readonly client: ReplicaClient;
  /** When its session began; on the clock of `performance.now`. */
  readonly opened: number;
  readonly id: number;
  readonly random: Random;
}

/** Makes one call, and says what is wrong with it. */
async function called({ calls, complain, fleet, store, nonce, took }: Day, turn: Turn): Promise<string> {
  const { target, kind, client, opened, id, random } = turn;
  const tool = random.pick(target.form === 'modern' ? ['echo', 'progress'] : ['echo', 'progress', 'ask']);
  const args = { nonce: nonce(), delay: random.int(150), steps: 3 };
  const begun = performance.now();
  const happened = await client.call({ id, tool, args });
  took(performance.now() - begun, () => `${kind}, ${target.form}, ${tool}: ${JSON.stringify(happened)}`);
  const ran = target.upstream.ledger.executions.get(args.nonce) ?? 0;
  count(calls, countedAs(happened.outcome, fleet.killed));
  const tookSession = (): boolean => store.lastLoss > opened && fleet.lastGone > begun;
  const answered = target.upstream.ledger.answers.has(args.nonce) ? ', and whose question was answered' : '';
  for (const line of wrongIn({ ...happened, ran }, { killed: fleet.killed, tookSession }))
    complain(
      `${kind} client of a ${target.form} server, ${tool} ${args.nonce}, which ran ${ran} times${answered}: ${line}`,
    );
  return happened.outcome.kind;
}

/** The faults are over: a call of every kind of client works. */
async function calm(day: Day): Promise<void> {
  const { targets, fleet, store, complain } = day;
  await store.heal();
  for (const { network } of targets) network.heal();
  await fleet.recovered();
  for (const target of targets) {
    for (const kind of new Set(target.kinds)) {
      try {
        const client = await openReplicaClient(kind, `${fleet.url}/servers/${target.form}`);
        const opened = performance.now();
        const outcome = await called(day, { target, kind, client, opened, id: 1_000, random: seeded(1) });
        if (outcome !== 'result') complain(`${target.form}: after the faults, a call of a ${kind} client: ${outcome}`);
        await client.close();
      } catch (error) {
        complain(`${target.form}: after the faults, a ${kind} client cannot be opened: ${(error as Error).message}`);
      }
    }
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

// The replicas on a bad day: some are killed, some are replaced in order, some are suspended for a while.
import { type ProcessState, stateOf, stateWhen } from '../../blackbox/sharing/process-state.ts';
import { type Serving, startServing } from '../../peers/http/serving.ts';
import type { Random } from '../../unit/core/random.ts';
import { pause } from '../pause.ts';
import { type Backend, type NamingBalancer, startNamingBalancer } from './balancer.ts';

export interface Fleet {
  /** Of the balancer, without a path. */
  readonly url: string;
  /** Whether the fleet has killed this replica. */
  killed(name: string): boolean;
  /** When a replica was last gone for the others: killed, or suspended for long. On the clock of `performance.now`. */
  readonly lastGone: number;
  /** One fault, from its beginning to its end. Resolves with its name. */
  strike(random: Random): Promise<string>;
  /** Waits until every replica has the store, and complains about those that do not find it. */
  recovered(): Promise<void>;
  /** Ends all replicas. Complains about those that are left with too much. */
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly count: number;
  readonly store: string;
  /** The flags that say which servers there are. */
  readonly args: readonly string[];
  readonly complain: (line: string) => void;
}

interface Replica extends Backend {
  readonly serving: Serving;
  readonly start: ProcessState | undefined;
  /** Its end is the fleet's doing. */
  ending: boolean;
}

/** What a replica may hold at the end beyond its start: MiB, and file descriptors. */
const [MEMORY, SLACK] = [250, 60];
/** Milliseconds in which a replica must find the store again. */
const RECOVERY_LIMIT = 60_000;
const KEY = 'the-key-of-a-bad-day-0123456789abcdef';

export async function startFleet({ count, store, args, complain }: FleetOptions): Promise<Fleet> {
  const balancer = await startNamingBalancer();
  const killed = new Set<string>();
  const gone = { last: 0 };
  let started = 0;
  const start = async (): Promise<Replica> => {
    const name = `r${++started}`;
    const flags = [...args, '--state', store, '--state-key', '${STATE_KEY}', '--session-idle', '30'];
    const serving = await startServing(undefined, flags, { env: { STATE_KEY: KEY } });
    const replica = { name, port: serving.port, serving, start: stateOf(serving.proxy.pid), ending: false };
    void serving.proxy.exited.then((exit) => {
      if (!replica.ending) complain(`replica ${name} ended with ${JSON.stringify(exit)}: ${lastOf(serving)}`);
    });
    balancer.add(replica);
    return replica;
  };
  const replicas = await Promise.all(Array.from({ length: count }, start));
  const faults = faultsOf({ replicas, killed, gone, balancer, start, complain });
  return {
    url: balancer.url,
    killed: (name) => killed.has(name),
    get lastGone() {
      return gone.last;
    },
    async strike(random) {
      const name = random.pick(Object.keys(faults));
      await faults[name]?.(random);
      return name;
    },
    async recovered() {
      const back = async ({ name, serving }: Replica): Promise<void> => {
        if (!(await storeIsBack(serving))) complain(`replica ${name} does not find the store: ${lastOf(serving)}`);
      };
      await Promise.all(replicas.map(back));
    },
    async close() {
      for (const replica of replicas) {
        await isRight(replica, complain);
        await stopped(replica, complain);
      }
      await balancer.close();
    },
  };
}

interface FaultContext {
  readonly replicas: Replica[];
  readonly killed: Set<string>;
  readonly gone: { last: number };
  readonly balancer: NamingBalancer;
  readonly start: () => Promise<Replica>;
  readonly complain: (line: string) => void;
}

function faultsOf(context: FaultContext): Record<string, (random: Random) => Promise<void>> {
  const { replicas, killed, gone, balancer, start, complain } = context;
  const replace = async (at: number, surge: boolean): Promise<void> => {
    const old = replicas[at] as Replica;
    const early = surge ? await start() : undefined;
    balancer.remove(old);
    await stopped(old, complain);
    replicas[at] = early ?? (await start());
  };
  const suspend = async (random: Random, ms: number): Promise<void> => {
    const { serving } = random.pick(replicas);
    serving.proxy.kill('SIGSTOP');
    await pause(ms);
    serving.proxy.kill('SIGCONT');
    if (ms > 6_000) gone.last = performance.now();
  };
  const kill = async (random: Random): Promise<void> => {
    const at = random.int(replicas.length);
    const replica = replicas[at] as Replica;
    replica.ending = true;
    killed.add(replica.name);
    gone.last = performance.now();
    replica.serving.proxy.kill('SIGKILL');
    await replica.serving.proxy.exited;
    await replica.serving.stop();
    await pause(random.int(4_000));
    balancer.remove(replica);
    replicas[at] = await start();
  };
  return {
    killed: kill,
    'killed, too': kill,
    replaced: (random) => replace(random.int(replicas.length), random.chance(0.5)),
    async 'all replaced'(random) {
      const surge = random.chance(0.5);
      for (let at = 0; at < replicas.length; at++) await replace(at, surge);
    },
    suspended: (random) => suspend(random, 100 + random.int(4_000)),
    // The others find it gone, and take its sessions over.
    'suspended for long': (random) => suspend(random, 6_500 + random.int(3_000)),
  };
}

async function stopped(replica: Replica, complain: (line: string) => void): Promise<void> {
  const { name, serving } = replica;
  replica.ending = true;
  const exit = await serving.stop().catch((error: Error) => error);
  if (exit instanceof Error || exit.code !== 0)
    complain(`replica ${name}, told to end, ended with ${JSON.stringify(exit)}: ${lastOf(serving)}`);
}

/** Waits until nothing is left but what a replica needs. */
async function isRight({ name, serving, start }: Replica, complain: (line: string) => void): Promise<void> {
  const fits = ({ descriptors, memory }: ProcessState): boolean =>
    descriptors <= (start?.descriptors ?? 0) + SLACK && memory <= (start?.memory ?? 0) + MEMORY;
  const state = await stateWhen(serving.proxy.pid, fits, 60_000);
  if (state && !fits(state))
    complain(`replica ${name} is left with ${JSON.stringify(state)}, at its start ${JSON.stringify(start)}`);
}

async function storeIsBack({ url }: Serving): Promise<boolean> {
  const until = performance.now() + RECOVERY_LIMIT;
  while (performance.now() < until) {
    const facts = (await (await fetch(`${url}/readyz`)).json()) as { store?: { reachable: boolean } };
    if (facts.store?.reachable) return true;
    await pause(100);
  }
  return false;
}

function lastOf({ proxy }: Serving): string {
  return JSON.stringify(proxy.stderr.slice(-2_000));
}

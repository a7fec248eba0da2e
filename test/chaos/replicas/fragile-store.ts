// The store of the replicas on a bad day: two redis-servers, of which one copies the other, behind one address that leads
// to whichever is the primary, as the name of a managed store does.
import net from 'node:net';
import { listenRaw } from '../../peers/raw-server.ts';
import { startRedis } from '../../peers/redis.ts';
import type { Random } from '../../unit/core/random.ts';
import { pause } from '../pause.ts';

export interface FragileStore {
  /** `redis://…`, which leads to the primary. */
  readonly url: string;
  /** When the store last lost data; on the clock of `performance.now`. */
  readonly lastLoss: number;
  /** One fault, from its beginning to its end. Resolves with its name. */
  strike(random: Random): Promise<string>;
  /** Ends every fault. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

const PLENTY = '200mb';

export async function fragileStore(): Promise<FragileStore> {
  const limits = ['--maxmemory', PLENTY, '--maxmemory-policy', 'noeviction', '--repl-diskless-sync-delay', '0'];
  let [primary, copy] = await Promise.all([startRedis(limits), startRedis(limits)]);
  const follow = async (): Promise<void> => void (await copy.command('REPLICAOF', '127.0.0.1', String(primary.port)));
  await follow();
  const network = await storeNetwork(primary.port);
  let lastLoss = 0;

  /** The copy is the primary from now on. */
  const promote = async (): Promise<void> => {
    await copy.command('REPLICAOF', 'NO', 'ONE');
    network.target = copy.port;
    [primary, copy] = [copy, primary];
    // What was not copied yet is lost.
    lastLoss = performance.now();
  };
  const faults: Record<string, (random: Random) => Promise<void>> = {
    async slow(random) {
      network.delay = 20 + random.int(random.chance(0.2) ? 2_500 : 400);
      await pause(1_000 + random.int(4_000));
      network.delay = 0;
    },
    async gone(random) {
      network.refusing = true;
      network.cut();
      await pause(200 + random.int(8_000));
      network.refusing = false;
    },
    async frozen(random) {
      primary.freeze();
      await pause(500 + random.int(6_000));
      primary.thaw();
    },
    async flushed() {
      await primary.command('FLUSHALL');
      lastLoss = performance.now();
    },
    async full(random) {
      await primary.command('CONFIG', 'SET', 'maxmemory', '1');
      await pause(500 + random.int(4_000));
      await primary.command('CONFIG', 'SET', 'maxmemory', PLENTY);
    },
    /** The primary dies; what it had not copied is lost. */
    async 'failed over'(random) {
      await primary.kill();
      network.cut();
      await pause(random.int(4_000));
      await promote();
      await copy.restart();
      await follow();
    },
    /** The former primary refuses writes on the connections that it still has. */
    async demoted() {
      await promote();
      await follow();
    },
  };
  return {
    url: `redis://127.0.0.1:${network.port}`,
    get lastLoss() {
      return lastLoss;
    },
    async strike(random) {
      const name = random.pick(Object.keys(faults));
      await faults[name]?.(random);
      return name;
    },
    heal: async () => network.heal(),
    async close() {
      await network.close();
      await Promise.all([primary.close(), copy.close()]);
    },
  };
}

interface StoreNetwork {
  readonly port: number;
  /** The port that new connections lead to. */
  target: number;
  /** Milliseconds that everything takes longer, in each direction. */
  delay: number;
  refusing: boolean;
  cut(): void;
  heal(): void;
  close(): Promise<void>;
}

async function storeNetwork(target: number): Promise<StoreNetwork> {
  const state = { target, delay: 0, refusing: false };
  const server = await listenRaw(
    net.createServer((socket) => {
      if (state.refusing) {
        socket.resetAndDestroy();
        return;
      }
      const onward = net.connect(state.target, '127.0.0.1');
      carry(socket, onward, state);
      carry(onward, socket, state);
    }),
  );
  return Object.assign(state, {
    port: server.port,
    cut: () => server.cut(),
    heal: () => void Object.assign(state, { delay: 0, refusing: false }),
    close: () => server.close(),
  });
}

/** Carries what one end sends to the other, in order, after the delay of the moment. */
function carry(from: net.Socket, to: net.Socket, state: { readonly delay: number }): void {
  let last = Promise.resolve();
  from.on('data', (chunk) => {
    const { delay } = state;
    const before = last;
    last = (delay > 0 ? Promise.all([before, pause(delay)]).then(() => {}) : before).then(() => {
      if (!to.destroyed) to.write(chunk);
    });
  });
  from.on('error', () => {}).once('close', () => to.destroy());
}

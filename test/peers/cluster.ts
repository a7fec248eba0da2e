// redis-server as the nodes of a Redis Cluster: three primaries that share the keys, and a copy of the one that has those
// of the proxy.
//
//   const cluster = await startCluster();
//   await cluster.owner.kill();
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { type RedisPeer, startRedis } from './redis.ts';

export interface ClusterPeer {
  /** The primary of the keys of the proxy, as it was at the start. */
  readonly owner: RedisPeer;
  /** Takes its place when it is gone. */
  readonly copy: RedisPeer;
  /** The other primaries. */
  readonly others: readonly RedisPeer[];
  close(): Promise<void>;
}

/** Slots of the keys (Redis Cluster specification, "Key distribution model"), which the primaries share. */
const SLOTS = 16_384;
const LIMIT_MS = 60_000;
const INTERVAL_MS = 50;

export async function startCluster(args: string[] = []): Promise<ClusterPeer> {
  const nodes = await Promise.all(Array.from({ length: 4 }, () => startNode(args)));
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map(({ peer }) => peer.close()));
  };
  try {
    const [owner, second, third, copy] = nodes as [ClusterNode, ClusterNode, ClusterNode, ClusterNode];
    await share([owner, second, third]);
    for (const { port, bus } of [second, third, copy].map(({ peer, bus }) => ({ port: peer.port, bus }))) {
      await owner.peer.command('CLUSTER', 'MEET', '127.0.0.1', String(port), String(bus));
    }
    const id = await owner.peer.command('CLUSTER', 'MYID');
    await until('the copy knows the owner', async () =>
      (await copy.peer.command('CLUSTER', 'REPLICATE', id)).includes('OK'),
    );
    for (const { peer } of nodes) {
      await until(`the node ${peer.port} agrees`, async () => {
        const [info, slots] = [await peer.command('CLUSTER', 'INFO'), await peer.command('CLUSTER', 'NODES')];
        const known = /cluster_known_nodes:(\d+)/.exec(info)?.[1];
        return info.includes('cluster_state:ok') && known === '4' && /slave/.test(slots);
      });
    }
    // Until it has a copy of everything, it does not take the place of the owner.
    await until('the copy is whole', async () => /master_link_status:up/.test(await copy.peer.command('INFO')));
    return { owner: owner.peer, copy: copy.peer, others: [second.peer, third.peer], close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface ClusterNode {
  readonly peer: RedisPeer;
  /** The port at which the nodes talk to each other. */
  readonly bus: number;
}

async function startNode(args: readonly string[]): Promise<ClusterNode> {
  const bus = await freePort();
  const own = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '1000'];
  return { peer: await startRedis([...args, ...own, '--repl-diskless-sync-delay', '0']), bus };
}

/** The first one gets the slot of the proxy's keys, and its share of the others. */
async function share(primaries: readonly [ClusterNode, ...ClusterNode[]]): Promise<void> {
  const slot = Number(await primaries[0].peer.command('CLUSTER', 'KEYSLOT', 'mcp-proxy:{1}:'));
  const size = Math.ceil(SLOTS / primaries.length);
  const shares = primaries.map((_, at) => [at * size, Math.min((at + 1) * size, SLOTS) - 1] as const);
  const first = shares.findIndex(([start, end]) => start <= slot && slot <= end);
  for (const [at, { peer }] of primaries.entries()) {
    const [start, end] = shares[(first + at) % shares.length] as readonly [number, number];
    await peer.command('CLUSTER', 'ADDSLOTSRANGE', String(start), String(end));
    await peer.command('CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1));
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`the cluster did not get ready: ${what}`);
    await pause(INTERVAL_MS);
  }
}

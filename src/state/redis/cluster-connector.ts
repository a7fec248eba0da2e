/**
 * Finds the node of a Redis Cluster that has the keys of the proxy, and connects to it as to a store that stands alone:
 * all keys have one hash tag, so no other node is ever needed. When they move to another node, the connection is opened
 * anew. The library's own client for clusters would send commands again, after their callers were told that they failed.
 */
import net, { isIP } from 'node:net';
import tls from 'node:tls';
import iovalkey, { type RedisOptions } from 'iovalkey';
import type { StorePlace } from './address.ts';

export interface ClusterConnectorOptions {
  /** Some of the nodes. */
  readonly nodes: readonly StorePlace[];
  readonly encrypted: boolean;
  /** For the connections that ask a node. */
  readonly common: RedisOptions;
  /** How long a node may take to answer; in milliseconds. */
  readonly limit: number;
  /** Milliseconds before the nodes are asked again. */
  readonly pause: () => number;
}

/** The slot of the hash tag in the names of the keys: CRC16 of "1" (Redis Cluster specification, "Key distribution model"). */
const SLOT = 9_842;
/** Nodes that are kept in mind beyond those that were given. */
const MAX_KNOWN = 100;

/** The class that the library makes one of for a connection, which it then opens as often as needed. */
export function clusterConnector(options: ClusterConnectorOptions): NonNullable<RedisOptions['Connector']> {
  return class ClusterConnector extends iovalkey.AbstractConnector {
    /** As the last node that was asked has told them. */
    #known: readonly StorePlace[] = [];
    #wake: (() => void) | undefined;

    constructor(_options: unknown) {
      super(options.limit);
    }

    /** Rejects only when `disconnect` was called meanwhile: the library would not try again. */
    override async connect(emit: (type: string, error: Error) => void): Promise<net.Socket> {
      this.connecting = true;
      for (;;) {
        const found = await ask([...options.nodes, ...this.#known], options).catch((error: Error) => error);
        if (!this.connecting) throw new Error('Connection is closed.');
        if (!(found instanceof Error)) {
          this.#known = found.all.slice(0, MAX_KNOWN);
          const { owner } = found;
          const stream = options.encrypted
            ? tls.connect({ ...owner, ...serverName(owner) })
            : net.connect({ ...owner });
          stream.once('error', (error) => {
            this.firstError = error;
          });
          this.stream = stream;
          return stream;
        }
        emit('error', found);
        await this.#pause();
      }
    }

    override disconnect(): void {
      super.disconnect();
      this.#wake?.();
    }

    #pause(): Promise<void> {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, options.pause());
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
}

interface ClusterAnswer {
  /** The primary of the keys of the proxy. */
  readonly owner: StorePlace;
  readonly all: readonly StorePlace[];
}

/** The first answer of a node. Rejects with the reason that says most, when none has one. */
async function ask(nodes: readonly StorePlace[], options: ClusterConnectorOptions): Promise<ClusterAnswer> {
  const places = new Map(nodes.map((node) => [`${node.host}:${node.port}`, node]));
  const failures: Error[] = [];
  const asked = [...places.values()].map((node) =>
    askOne(node, options).catch((error: Error) => {
      failures.push(error);
      throw error;
    }),
  );
  try {
    return await Promise.any(asked);
  } catch {
    // What a node has answered says more than that another one cannot be reached.
    throw failures.find(({ message }) => /^[A-Z]+ /.test(message)) ?? failures[0] ?? new Error('no node was given');
  }
}

async function askOne(node: StorePlace, { common, encrypted, limit }: ClusterConnectorOptions): Promise<ClusterAnswer> {
  const redis = new iovalkey.Redis({
    ...common,
    ...node,
    ...(encrypted ? { tls: { ...serverName(node) } } : {}),
    // Whatever the name of the node leads to.
    family: 0,
    connectTimeout: limit,
    commandTimeout: limit,
    retryStrategy: () => null,
  });
  let cause: Error | undefined;
  redis.on('error', (error: Error) => {
    cause ??= error;
  });
  try {
    return read(await redis.call('cluster', 'SLOTS'), node);
  } catch (error) {
    const { message } = cause ?? (error as Error);
    // An answer of the node, such as `NOPERM …`, is recognized by how it begins.
    throw /^[A-Z]+ /.test(message) ? new Error(message) : new Error(`node ${node.host}:${node.port}: ${message}`);
  } finally {
    redis.disconnect();
  }
}

/** Reads an answer to CLUSTER SLOTS: of each range, its first and last slot, and its nodes, of which the first is the primary. */
function read(answer: unknown, asked: StorePlace): ClusterAnswer {
  const ranges = (Array.isArray(answer) ? answer : []).filter(Array.isArray) as unknown[][];
  const all = ranges.flatMap(([, , ...nodes]) => nodes.flatMap((node) => nodeIn(node, asked) ?? []));
  const own = ranges.find(([first, last]) => Number(first) <= SLOT && SLOT <= Number(last));
  const owner = nodeIn(own?.[2], asked);
  if (!owner) throw new Error('CLUSTERDOWN no node has the keys of the proxy');
  return { owner, all };
}

/** A node that tells no name or address is at that of the node that was asked. */
function nodeIn(node: unknown, asked: StorePlace): StorePlace | undefined {
  const [host, port] = Array.isArray(node) ? (node as unknown[]) : [];
  if (typeof port !== 'number' || port < 1 || port > 65_535) return undefined;
  return { host: typeof host === 'string' && host !== '' && host !== '?' ? host : asked.host, port };
}

/** A server name cannot be an address (RFC 6066, section 3). */
export function serverName({ host }: StorePlace): { servername?: string } {
  return isIP(host) ? {} : { servername: host };
}

/** How the client library connects to the store: to one server, to the primary that sentinels tell, or to a cluster. */
import { isIP } from 'node:net';
import type { Cluster, ClusterOptions, CommonRedisOptions, Redis, RedisOptions } from 'iovalkey';
import iovalkey from 'iovalkey';
import type { StoreAddress } from './address.ts';

/** How long one command may take, or wait for the first connection; in milliseconds. */
export const COMMAND_LIMIT = 2_000;
/** How long a store may send nothing while commands wait, before the connection is opened again; in milliseconds. */
const SILENCE_LIMIT = 3_000;
const CONNECT_LIMIT = 5_000;
/** Pauses before the connection is opened again, in milliseconds: at first, and at most. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [100, 5_000];

/** What the library offers for all of them. */
export type StoreConnection = Redis | Cluster;

/** @param failed counts the attempts since the store has last answered, and returns their number */
export function connect(address: StoreAddress, failed: () => number): StoreConnection {
  // The library counts anew with each connection, even to a store that answers nothing on it.
  const pause = (): number => pauseBefore(failed());
  return address.nodes ? connectCluster(address, address.nodes, pause) : connectServer(address, pause);
}

function commonOptions({ username, password }: StoreAddress): CommonRedisOptions {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    // It would need one more permission, and tells on stderr when it has none.
    enableReadyCheck: false,
    connectTimeout: CONNECT_LIMIT,
    commandTimeout: COMMAND_LIMIT,
    // A command that may have taken effect must not take effect twice.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    socketTimeout: SILENCE_LIMIT,
    keepAlive: 10_000,
    noDelay: true,
  };
}

function connectServer(address: StoreAddress, pause: () => number): Redis {
  return new iovalkey.Redis({
    ...commonOptions(address),
    ...placeOf(address),
    db: address.database,
    enableOfflineQueue: false,
    retryStrategy: pause,
    // After a failover, the former primary refuses writes: another connection may reach the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
}

/** Where the store is, or where to ask for it. */
function placeOf({ tls, host, port, sentinel }: StoreAddress): RedisOptions {
  // A server name cannot be an address (RFC 6066, section 3).
  if (!sentinel) return { host, port, ...(tls && { tls: isIP(host) ? {} : { servername: host } }) };
  const { username, password } = sentinel;
  return {
    name: sentinel.primary,
    sentinels: sentinel.addresses.map((each) => ({ ...each })),
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    // The certificates must be for the names by which the sentinels are called, and for those that they tell.
    ...(tls && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
    sentinelCommandTimeout: COMMAND_LIMIT,
    sentinelRetryStrategy: pauseBefore,
  };
}

/** Keys of the proxy are all at one node, so the others only tell which one that is. */
function connectCluster(
  address: StoreAddress,
  nodes: NonNullable<StoreAddress['nodes']>,
  pause: () => number,
): Cluster {
  const redisOptions: ClusterOptions['redisOptions'] = {
    ...commonOptions(address),
    // A node's commands wait for its connection. With this limit, none leaves after its own has passed.
    connectTimeout: COMMAND_LIMIT,
    ...(address.tls && { tls: {} }),
  };
  return new iovalkey.Cluster(
    nodes.map((each) => ({ ...each })),
    {
      redisOptions,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      slotsRefreshTimeout: COMMAND_LIMIT,
      clusterRetryStrategy: pause,
      // What has failed may have taken effect.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      // By name, because certificates are for names.
      dnsLookup: (name, found) => found(null, name),
    },
  );
}

function pauseBefore(attempt: number): number {
  const pause = Math.min(FIRST_PAUSE * 2 ** Math.min(attempt - 1, 10), LONGEST_PAUSE);
  // Replicas that lost the store at the same moment must not all come back at the same moment.
  return Math.round(pause * (0.5 + Math.random() / 2));
}

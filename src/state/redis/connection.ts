/** How the client library connects to the store: to one server, to the primary that sentinels tell, or to a cluster. */
import type { Redis, RedisOptions } from 'iovalkey';
import iovalkey from 'iovalkey';
import type { StoreAddress } from './address.ts';
import { clusterConnector, serverName } from './cluster-connector.ts';

/** How long one command may take, or wait for the first connection; in milliseconds. */
export const COMMAND_LIMIT = 2_000;
/** How long a store may send nothing while commands wait, before the connection is opened again; in milliseconds. */
const SILENCE_LIMIT = 3_000;
const CONNECT_LIMIT = 5_000;
/** Pauses before the connection is opened again, in milliseconds: at first, and at most. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [100, 5_000];

/** What a former primary answers after a failover: another connection may reach the new one. */
const FORMER = /^READONLY /;
/** The same in a cluster, where the keys may also have moved to another node, or all nodes may have lost each other. */
const FORMER_NODE = /^(?:READONLY|MOVED|CLUSTERDOWN|MASTERDOWN) /;

/** @param failed counts the attempts since the store has last answered, and returns their number */
export function connect(address: StoreAddress, failed: () => number): Redis {
  // The library counts anew with each connection, even to a store that answers nothing on it.
  const pause = (): number => pauseBefore(failed());
  const common = commonOptions(address);
  return new iovalkey.Redis({
    ...common,
    ...placeOf(address, common, pause),
    db: address.database,
    connectTimeout: CONNECT_LIMIT,
    commandTimeout: COMMAND_LIMIT,
    // A command that may have taken effect must not take effect twice.
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: null,
    socketTimeout: SILENCE_LIMIT,
    retryStrategy: pause,
    reconnectOnError: ({ message }) => (address.nodes ? FORMER_NODE : FORMER).test(message),
    keepAlive: 10_000,
    noDelay: true,
  });
}

function commonOptions({ username, password }: StoreAddress): RedisOptions {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    // It would need one more permission, and tells on stderr when it has none.
    enableReadyCheck: false,
  };
}

/** Where the store is, or where to ask for it. */
function placeOf(address: StoreAddress, common: RedisOptions, pause: () => number): RedisOptions {
  const { tls, host, port, sentinel, nodes } = address;
  if (nodes) {
    const Connector = clusterConnector({ nodes, encrypted: tls, common, limit: COMMAND_LIMIT, pause });
    return { Connector, ...(tls && { tls: {} }) };
  }
  if (!sentinel) return { host, port, ...(tls && { tls: serverName({ host, port }) }) };
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

function pauseBefore(attempt: number): number {
  const pause = Math.min(FIRST_PAUSE * 2 ** Math.min(attempt - 1, 10), LONGEST_PAUSE);
  // Replicas that lost the store at the same moment must not all come back at the same moment.
  return Math.round(pause * (0.5 + Math.random() / 2));
}

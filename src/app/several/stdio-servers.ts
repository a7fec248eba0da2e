/** Several servers together, for one client on two streams. Loaded when a configuration has several. */
import { randomUUID } from 'node:crypto';
import { type Config, LISTEN_DEFAULTS, type ProcessConfig, type Server } from '../../config.ts';
import { Join } from '../../layers/join/join.ts';
import type { Environment } from '../environment.ts';
import { openLocal } from '../local-server.ts';
import { type LayeredServer, layered, openShared, type Shared } from '../server.ts';
import type { OpenServer } from '../stdio-proxy.ts';
import { JoinedSearch, withoutSearch } from './joined-search.ts';
import { identityOf, joinedServer, type RememberedServer } from './joined-server.ts';

/** Calls back with the servers of the configuration whenever it has changed. */
export type WatchServers = (changed: (servers: readonly Server[]) => void) => void;

/** How long the processes of a server that is no longer configured may take to end, in milliseconds. */
const DROP_LIMIT = 5_000;

/** One of the servers, running. */
interface Part {
  readonly identity: string;
  /** As it is configured. */
  readonly server: Server;
  readonly shared: Shared;
  readonly joined: RememberedServer;
}

/** @param watch left out: the servers stay as they are. */
export function openTogether(watch?: WatchServers): OpenServer {
  return ({ servers, ...config }: Config, environment) => {
    let parts = servers.map((server) => openPart(server, config, environment));
    const { log, version } = environment;
    const idle = LISTEN_DEFAULTS.childIdle;
    const join = new Join(
      parts.map(({ joined }) => joined),
      { id: randomUUID().slice(0, 8), version, idle, log },
    );
    const search = new JoinedSearch(() => parts.map(({ server }) => server));
    watch?.((changed) => {
      const known = new Map(parts.map((part) => [part.identity, part]));
      const next = changed.map((server) => known.get(identityOf(server)) ?? openPart(server, config, environment));
      const gone = parts.filter((part) => !next.includes(part));
      parts = next;
      join.update(next.map(({ joined }) => joined)).then(() => Promise.all(gone.map((part) => end(part, DROP_LIMIT))));
    });
    return {
      connect: (client) => search.connect((peer) => join.connect(peer))(client),
      // There are lists to be stored in any case.
      signsIn: true,
      local: {
        look: () => Promise.resolve(undefined),
        async close(limit) {
          await join.close(limit);
          await Promise.all(parts.map(({ shared }) => shared.local?.close(limit)));
        },
      },
      // One server that can never work is no reason to end the others.
      hopeless: new Promise(() => {}),
      endSignIn: async () => {
        await Promise.all(parts.flatMap(({ shared, joined }) => [shared.endSignIn(), joined.flushed()]));
      },
      close() {
        for (const { shared } of parts) shared.close();
      },
    } satisfies LayeredServer;
  };
}

function openPart(configured: Server, config: Omit<ProcessConfig, 'servers'>, environment: Environment): Part {
  const server = withoutSearch(configured);
  // Processes are stopped when they are idle, as they are in HTTP mode.
  const sharing = { maxChildren: LISTEN_DEFAULTS.maxChildren, idle: LISTEN_DEFAULTS.childIdle };
  const shared =
    server.kind === 'stdio' ? openLocal(server, config, environment, sharing) : openShared(server, config, environment);
  // The others do not wait for a user who must sign in, and the tool for that is to be there at once.
  const { connect } = layered(shared, { patience: 0 });
  logHopeless(shared);
  const joined = joinedServer(shared, (client) => connect(client));
  return { identity: identityOf(configured), server: configured, shared, joined };
}

/** Tells why a server can never work as it was configured. */
export function logHopeless({ hopeless, environment }: Shared): void {
  hopeless.then(({ message, data }) => environment.log.error(data.hint ? `${message} (${data.hint})` : message));
}

async function end({ shared }: Part, limit: number): Promise<void> {
  await Promise.all([shared.endSignIn(), shared.local?.close(limit)]);
  shared.close();
}

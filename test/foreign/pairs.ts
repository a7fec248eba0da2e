// Every client with every server of its era: directly, through the proxy over stdio, and through its HTTP mode.
import { FEATURES, fault, isMissing } from './features.ts';
import {
  CLIENTS,
  type ClientName,
  type Era,
  LOCAL_SERVERS,
  localServer,
  runClient,
  SERVERS,
  type ServerName,
  startHttpMode,
  startServer,
  stdioProxy,
} from './peers.ts';
import type { Result } from './results.ts';

/** All pairs with one server in one era, one client after the other: the server tells all of a change of its lists. */
export async function pairsWith(server: ServerName, era: Era, home: string): Promise<Result[]> {
  const peer = await startServer(server, home, era);
  try {
    return await pairs('features', server, era, peer.url, home);
  } finally {
    await peer.close();
  }
}

/** The same with the server as a local one, which each client or the proxy starts. */
export const pairsWithLocal = (server: ServerName, era: Era, home: string): Promise<Result[]> =>
  pairs('local', server, era, localServer(server), home);

async function pairs(
  part: string,
  server: ServerName,
  era: Era,
  upstream: string | string[],
  home: string,
): Promise<Result[]> {
  const proxy = await startHttpMode(upstream);
  try {
    const results: Result[] = [];
    for (const client of clientsOf(era)) {
      const direct = await runClient(client, era, [upstream].flat(), home);
      for (const [way, target] of [
        ['stdio', stdioProxy(upstream)],
        ['http', [proxy.url]],
      ] as const) {
        const proxied = await runClient(client, era, [...target], home);
        for (const feature of FEATURES) {
          const missing = isMissing(server, era, feature.name);
          const wrong = fault(feature, direct.values, proxied.values, missing);
          const told = proxied.values.size === 0 ? ` (${proxied.stderr.trim().split('\n').at(-1)})` : '';
          const check = feature.name;
          results.push({ part, client, server, era, way, check, missing, fault: wrong && wrong + told });
        }
      }
    }
    return results;
  } finally {
    await proxy.close();
  }
}

export const localServersOf = (era: Era): ServerName[] =>
  (Object.keys(LOCAL_SERVERS) as ServerName[]).filter((server) => LOCAL_SERVERS[server]?.includes(era));

export const clientsOf = (era: Era): ClientName[] =>
  (Object.keys(CLIENTS) as ClientName[]).filter((client) => CLIENTS[client].includes(era));

export const serversOf = (era: Era): ServerName[] =>
  (Object.keys(SERVERS) as ServerName[]).filter((server) => SERVERS[server].includes(era));

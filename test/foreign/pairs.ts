// Every client with every server of its era: directly, through the proxy over stdio, and through its HTTP mode.
import { FEATURES, fault, isMissing } from './features.ts';
import {
  CLIENTS,
  type ClientName,
  type Era,
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
    const proxy = await startHttpMode(peer.url);
    try {
      const results: Result[] = [];
      for (const client of clientsOf(era)) {
        const direct = await runClient(client, era, [peer.url], home);
        for (const [way, target] of [
          ['stdio', stdioProxy(peer.url)],
          ['http', [proxy.url]],
        ] as const) {
          const proxied = await runClient(client, era, [...target], home);
          for (const feature of FEATURES) {
            const missing = isMissing(server, era, feature.name);
            const wrong = fault(feature, direct.values, proxied.values, missing);
            const told = proxied.values.size === 0 ? ` (${proxied.stderr.trim().split('\n').at(-1)})` : '';
            results.push({
              part: 'features',
              client,
              server,
              era,
              way,
              check: feature.name,
              missing,
              fault: wrong && wrong + told,
            });
          }
        }
      }
      return results;
    } finally {
      await proxy.close();
    }
  } finally {
    await peer.close();
  }
}

export const clientsOf = (era: Era): ClientName[] =>
  (Object.keys(CLIENTS) as ClientName[]).filter((client) => CLIENTS[client].includes(era));

export const serversOf = (era: Era): ServerName[] =>
  (Object.keys(SERVERS) as ServerName[]).filter((server) => SERVERS[server].includes(era));

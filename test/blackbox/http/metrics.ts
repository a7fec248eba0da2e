// Reads the metrics, and waits until they have some value: nothing else shows that a client has gone.
import { vi } from 'vitest';
import { WAIT_MS } from '../../peers/listen.ts';
import { ask } from './exchange.ts';
import { parseExposition } from './operator/exposition.ts';

export interface Counted {
  readonly sessions: number;
  readonly streams: number;
  /** Responses on a path by status. */
  responses(path: string): Readonly<Record<string, number>>;
}

/** The current numbers of the proxy at this address. */
export async function counted(url: string): Promise<Counted> {
  const families = parseExposition((await ask(url, { path: '/metrics' })).text);
  const gauge = (name: string): number => families.get(name)?.samples[0]?.value ?? Number.NaN;
  return {
    sessions: gauge('mcp_proxy_sessions'),
    streams: gauge('mcp_proxy_streams'),
    responses: (path) => {
      const samples = families.get('mcp_proxy_http_responses_total')?.samples ?? [];
      const own = samples.filter(({ labels }) => labels.path === path);
      return Object.fromEntries(own.map(({ labels, value }) => [labels.status ?? '', value]));
    },
  };
}

/** The numbers once they match. */
export function countedOnce(url: string, matches: (now: Counted) => boolean): Promise<Counted> {
  return vi.waitFor(
    async () => {
      const now = await counted(url);
      if (!matches(now))
        throw new Error(`${now.sessions} sessions, ${now.streams} streams, ${JSON.stringify(now.responses('/mcp'))}`);
      return now;
    },
    { timeout: WAIT_MS, interval: 50 },
  );
}

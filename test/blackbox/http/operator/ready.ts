// Resolves when /readyz gives this answer.
import { vi } from 'vitest';
import { WAIT_MS } from '../../../peers/listen.ts';
import { ask } from '../exchange.ts';

export interface Readiness {
  readonly status: number;
  readonly ready: boolean;
  readonly upstream: { readonly reachable: boolean };
  readonly signIn: {
    readonly needed: boolean;
    readonly url?: string;
    readonly userCode?: string;
    readonly reason?: string;
  };
}

export function readyOnce(url: string, matches: (said: Readiness) => boolean): Promise<Readiness> {
  return vi.waitFor(
    async () => {
      const { status, text } = await ask(url, { path: '/readyz' });
      const said = { ...(JSON.parse(text) as Readiness), status };
      if (!matches(said)) throw new Error(`/readyz says ${status} ${text}`);
      return said;
    },
    { timeout: WAIT_MS, interval: 100 },
  );
}

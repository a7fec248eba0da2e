// A user of an MCP host in front of a server that a well-known provider protects: starts the built program, signs in on
// the page that it opens, calls a tool, and goes on after the access token has expired.
import { expect } from 'vitest';
import { type Browser, startBrowser } from '../../../peers/oauth/browser.ts';
import type { Authorization } from '../../../peers/providers/authorization.ts';
import type { Provider, Tab } from '../../../peers/providers/provider.ts';
import { type ProxyProcess, startProxy } from '../../../peers/proxy.ts';

export type Guarded = Provider & { readonly authorization: Authorization };

export interface ProviderUser {
  readonly proxy: ProxyProcess;
  readonly browser: Browser;
  /** Calls the server's one tool. */
  call(): Promise<string>;
  /** Does what the first page asks for, while `waiting` needs it; returns the page where it ends. */
  signIn(waiting?: Promise<unknown>): Promise<Tab>;
  /** The n-th authorization request, from 1, as the browser got it. */
  authorizeQuery(n?: number): URLSearchParams;
  close(): Promise<void>;
}

export async function startUser(
  provider: Guarded,
  args: string[] = [],
  home?: string,
  more: Readonly<Record<string, string>> = {},
): Promise<ProviderUser> {
  const browser = await startBrowser('hold');
  const env = { ...provider.env, BROWSER: browser.command, ...more };
  const proxy = startProxy(provider.mcpUrl, args, { env, ...(home !== undefined && { home }) });
  const call = async (): Promise<string> => {
    const result = await proxy.rpc.request('tools/call', { name: 'echo', arguments: {} });
    return result.content[0].text as string;
  };
  return {
    proxy,
    browser,
    call,
    async signIn(waiting) {
      await proxy.rpc.initialize('2025-11-25');
      // Lists wait for the user; for anything else, pass what waits.
      const wait = waiting ?? proxy.rpc.request('tools/list');
      wait.catch(() => {});
      const tab = await provider.visit(await browser.waitForTab(1));
      expect([tab.status, tab.text]).toEqual([200, expect.stringContaining('igned in')]);
      await wait;
      return tab;
    },
    authorizeQuery: (n = 1) => new URL(browser.opened[n - 1] ?? '').searchParams,
    close: () => browser.close(),
  };
}

export const withClient = (provider: { clientInfo: object }, more: object = {}): string[] => [
  '--static-oauth-client-info',
  JSON.stringify({ ...provider.clientInfo, ...more }),
];

/** The whole way: signs in, calls, lets the access token expire, and calls again without another page. */
export async function signInAndStay(provider: Guarded, user: ProviderUser): Promise<void> {
  await user.signIn();
  expect(await user.call()).toBe('called');
  await stay(provider, user);
}

export async function stay(provider: Guarded, { call, browser, proxy }: ProviderUser): Promise<void> {
  const before = provider.count('token');
  provider.authorization.expireAccessTokens();
  expect(await call()).toBe('called');
  const refreshes = provider.of('token').slice(before);
  expect(refreshes.map(({ form }) => form.get('grant_type'))).toEqual(['refresh_token']);
  expect(browser.opened).toHaveLength(1);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
}

/** The parameters of an authorization request that only some providers know, and the standard does not. */
export const OWN_PARAMETERS = ['audience', 'access_type', 'prompt', 'nonce', 'owner', 'user_scope'] as const;

/** The exchange of the code, which every sign-in has once. */
export function exchangeOf(provider: Guarded): URLSearchParams {
  const [exchange, ...more] = provider
    .of('token')
    .filter(({ form }) => form.get('grant_type') === 'authorization_code');
  expect(more).toEqual([]);
  return exchange?.form ?? new URLSearchParams();
}

/** The last refresh. */
export function refreshOf(provider: Guarded): URLSearchParams {
  return (
    provider
      .of('token')
      .filter(({ form }) => form.get('grant_type') === 'refresh_token')
      .at(-1)?.form ?? new URLSearchParams()
  );
}

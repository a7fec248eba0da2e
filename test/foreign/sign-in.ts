// Signing in at the authorization servers of FastMCP and of the Python SDK, with nothing but their URL.
import { rmSync } from 'node:fs';
import { startBrowser } from '../peers/oauth/browser.ts';
import { type ProxyProcess, privateHome, startProxy } from '../peers/proxy.ts';
import { type ServerName, startServer } from './peers.ts';
import type { Result } from './results.ts';

export const SIGN_IN_SERVERS: readonly ServerName[] = ['python-1', 'python-2', 'fastmcp-3', 'fastmcp-4'];
export const SIGN_IN_CHECKS = ['sign-in', 'refresh', 'next start', 'logout'] as const;

/** What python/oauth.py has counted. */
interface Done {
  registrations?: number;
  codes?: number;
  refreshes?: number;
  revocations?: number;
  tokens: { access: number; refresh: number };
}

export async function signIn(server: ServerName, serverHome: string): Promise<Result[]> {
  const peer = await startServer(server, serverHome, 'sign-in');
  const browser = await startBrowser('approve');
  const home = privateHome();
  const options = { home, env: { BROWSER: browser.command } };
  const done = async (path = '/oauth', method = 'GET'): Promise<Done> =>
    (await (await fetch(new URL(path, peer.url), { method })).json()) as Done;
  const seen = async (): Promise<unknown> => ({ tabs: browser.opened.length, ...(await done()) });
  const proxies: ProxyProcess[] = [];
  const open = async (): Promise<ProxyProcess> => {
    const proxy = startProxy(peer.url, [], options);
    proxies.push(proxy);
    await proxy.rpc.initialize('2025-11-25');
    await proxy.rpc.request('tools/list');
    return proxy;
  };
  const once = { registrations: 1, codes: 1, tabs: 1 };
  const one = { access: 1, refresh: 1 };

  const steps: Record<(typeof SIGN_IN_CHECKS)[number], () => Promise<void>> = {
    'sign-in': async () => {
      await call(await open());
      demand(await seen(), { ...once, tokens: one });
    },
    refresh: async () => {
      await done('/oauth/expire', 'POST');
      await call(proxies[0]);
      demand(await seen(), { ...once, refreshes: 1, tokens: one });
    },
    'next start': async () => {
      await proxies[0]?.close();
      const proxy = await open();
      await call(proxy);
      await proxy.close();
      demand(await seen(), { ...once, refreshes: 1, tokens: one });
    },
    logout: async () => {
      const program = startProxy('logout', [peer.url], options);
      proxies.push(program);
      const { code } = await program.close();
      const said = { code, out: program.lines.join(), err: program.stderr };
      demand(said, { code: 0, out: `signed out of ${peer.url}`, err: '' });
      demand((await done()).tokens, { access: 0, refresh: 0 });
    },
  };

  const results: Result[] = [];
  try {
    for (const [check, step] of Object.entries(steps)) {
      const before = results.find(({ fault }) => fault !== undefined);
      const fault = before ? `not reached: ${before.check} failed` : await failure(step);
      results.push({ part: 'sign-in', client: 'any', server, era: 'legacy', way: 'stdio', check, fault });
    }
  } finally {
    for (const proxy of proxies) proxy.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
    await browser.close();
    await peer.close();
  }
  return results;
}

async function call(proxy: ProxyProcess | undefined): Promise<void> {
  const result = await proxy?.rpc.request('tools/call', { name: 'echo', arguments: { text: 'signed in' } });
  demand(result?.content?.[0]?.text, 'signed in');
}

async function failure(step: () => Promise<void>): Promise<string | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    const { message, data } = error as { message: string; data?: unknown };
    return `${message} ${data === undefined ? '' : JSON.stringify(data)}`.trim();
  }
}

/** Members of an object may come in any order. */
function demand(actual: unknown, expected: unknown): void {
  const [is, should] = [sorted(actual), sorted(expected)];
  if (is !== should) throw new Error(`${is} instead of ${should}`);
}

function sorted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'nothing';
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

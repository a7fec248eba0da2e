// What every first contact needs: a protected server, whoever issues its tokens, and the browser of its user.
//
//   const { browser, server, start } = await fixture(open, 'hold');
//   const proxy = start();
import { rmSync } from 'node:fs';
import { expect } from 'vitest';
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../../../peers/oauth/authorization-server.ts';
import { type Browser, type BrowserMode, startBrowser } from '../../../peers/oauth/browser.ts';
import {
  type ProtectedServer,
  type ProtectedServerOptions,
  startProtectedServer,
} from '../../../peers/oauth/protected-server.ts';
import type { opened } from '../../../peers/opened.ts';
import { type ProxyOptions, type ProxyProcess, privateHome, startProxy } from '../../../peers/proxy.ts';
import type { Received, RpcId } from '../../../peers/rpc.ts';

export interface Fixture {
  readonly authorizationServer: AuthorizationServer;
  readonly server: ProtectedServer;
  readonly browser: Browser;
  /** Shared by all that `start` starts. */
  readonly home: string;
  start(args?: string[], options?: ProxyOptions): ProxyProcess;
}

export interface Peculiarities {
  authorizationServer?: AuthorizationServerOptions;
  server?: Partial<ProtectedServerOptions>;
}

export async function fixture(
  open: ReturnType<typeof opened>,
  mode: BrowserMode,
  peculiarities: Peculiarities = {},
): Promise<Fixture> {
  const authorizationServer = await open(startAuthorizationServer(peculiarities.authorizationServer));
  const server = await open(startProtectedServer({ authorizationServer, ...peculiarities.server }));
  const browser = await open(startBrowser(mode));
  const home = privateHome();
  await open({ close: async () => rmSync(home, { recursive: true, force: true }) });
  return {
    authorizationServer,
    server,
    browser,
    home,
    start: (args = [], { env = {}, ...options } = {}) =>
      startProxy(server.url, args, { home, env: { BROWSER: browser.command, ...env }, ...options }),
  };
}

/** How often the server has served a JSON-RPC method: what it refused does not count. */
export function served(server: ProtectedServer, method: string): number {
  return server.requests.filter(({ rpcMethod, status }) => rpcMethod === method && status < 300 && status > 0).length;
}

/** Expects that the call is refused because nobody is signed in, and that the error names the page of the sign-in. */
export function expectPage({ message }: Received, page: string | undefined): void {
  expect(message.error, JSON.stringify(message)).toMatchObject({ code: -31004 });
  expect(page).toBeDefined();
  expect(message.error?.message).toContain(page);
}

export function toolNames(result: { tools: { name: string }[] }): string[] {
  return result.tools.map(({ name }) => name);
}

/** Whether a request with this id has an answer so far. */
export function isAnswered(proxy: ProxyProcess, id: RpcId): boolean {
  return proxy.rpc.received.some(({ message }) => message.id === id && message.method === undefined);
}

/** Expects nothing but JSON-RPC on stdout. */
export function expectClean(proxy: ProxyProcess): void {
  expect(proxy.rpc.garbage).toEqual([]);
  for (const line of proxy.lines) expect(JSON.parse(line).jsonrpc).toBe('2.0');
}

export const TOOLS = ['echo', 'whoami', 'admin'];

export const LIST_CHANGES = ['tools', 'prompts', 'resources'].map((kind) => `notifications/${kind}/list_changed`);

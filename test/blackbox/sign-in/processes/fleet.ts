// Several copies of the program on one home, as a host with several windows starts them, in front of one protected
// server. Tokens rotate without grace: a refresh token that comes twice ends its whole grant.
//
//   const fleet = await open(startFleet());
//   await fleet.signedIn();
//   fleet.authorizationServer.expireAccessTokens();
//   await Promise.all(fleet.start(8).map(works));
//   expect(fleet.refreshes).toBe(1);
import { rmSync } from 'node:fs';
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../../../peers/oauth/authorization-server.ts';
import { type Browser, type BrowserMode, startBrowser } from '../../../peers/oauth/browser.ts';
import {
  type ProtectedServer,
  type ProtectedServerBehaviour,
  startProtectedServer,
} from '../../../peers/oauth/protected-server.ts';
import { privateHome, startProxy } from '../../../peers/proxy.ts';
import type { RpcMessage } from '../../../peers/rpc.ts';
import { type Copy, startCopy } from './copy.ts';

export interface Fleet {
  readonly authorizationServer: AuthorizationServer;
  readonly server: ProtectedServer;
  readonly browser: Browser;
  readonly home: string;
  /** Starts copies that share the home. */
  start(count: number, args?: string[]): Copy[];
  startOne(args?: string[]): Copy;
  /** Signs the user in with a copy that ends afterwards: tokens are stored, and one tab was opened. */
  signedIn(): Promise<void>;
  /** Requests to the token endpoint with a refresh token. */
  readonly refreshes: number;
  close(): Promise<void>;
}

export interface FleetOptions extends AuthorizationServerOptions {
  browser?: BrowserMode;
  server?: Partial<ProtectedServerBehaviour>;
}

export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { browser: mode = 'approve', server: behaviour, ...given } = options;
  const authorizationServer = await startAuthorizationServer({ resource: 'required', ...given });
  const server = await startProtectedServer({ authorizationServer, ...behaviour });
  const browser = await startBrowser(mode);
  const home = privateHome();
  const env = { BROWSER: browser.command };
  const copies: Copy[] = [];
  const startOne = (args: string[] = []): Copy => {
    const copy = startCopy(server.url, args, { home, env });
    copies.push(copy);
    return copy;
  };
  return {
    authorizationServer,
    server,
    browser,
    home,
    start: (count, args) => Array.from({ length: count }, () => startOne(args)),
    startOne,
    async signedIn() {
      const first = startProxy(server.url, [], { home, env });
      await works(first);
      await first.close();
    },
    get refreshes() {
      return authorizationServer.tokenRequests('refresh_token').length;
    },
    async close() {
      await Promise.all(copies.map((copy) => copy.kill()));
      await browser.close();
      await server.close();
      await authorizationServer.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

type Client = Pick<Copy, 'rpc'>;

/** Calls a tool that says who is signed in; rejects unless the answer is right. */
export async function calls({ rpc }: Client): Promise<void> {
  const result: RpcMessage['result'] = await rpc.request('tools/call', { name: 'whoami', arguments: {} });
  const text = (result as { content?: { text?: string }[] }).content?.[0]?.text;
  if (text !== 'ada') throw new Error(`not the answer of the server: ${JSON.stringify(result)}`);
}

/**
 * Waits for a sign-in that is pending, as a host does; rejects if it gets the tools that stand in for the real ones.
 */
export async function lists({ rpc }: Client): Promise<void> {
  const { tools } = (await rpc.request('tools/list')) as { tools: { name: string }[] };
  if (tools.some(({ name }) => name === 'whoami')) return;
  throw new Error(`not the tools of the server: ${JSON.stringify(tools)}`);
}

/** Opens a session and uses it. */
export async function works({ rpc }: Client): Promise<void> {
  await rpc.initialize();
  await lists({ rpc });
  await calls({ rpc });
}

/** A gate that opens once. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Looks repeatedly until something is there. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// A protected server, its authorization server and a user who agrees: what the program meets with any unknown provider.
import { rmSync } from 'node:fs';
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../../peers/oauth/authorization-server.ts';
import { type Browser, startBrowser } from '../../peers/oauth/browser.ts';
import {
  type ProtectedServer,
  type ProtectedServerOptions,
  startProtectedServer,
} from '../../peers/oauth/protected-server.ts';
import { type ProxyProcess, privateHome, startProxy } from '../../peers/proxy.ts';

export interface SignInFixture {
  readonly as: AuthorizationServer;
  readonly server: ProtectedServer;
  readonly browser: Browser;
  /** A home for programs that follow one another. */
  readonly home: string;
  /** Starts the program in front of the server, signs in and calls a tool. */
  signedIn(args?: string[], home?: string): Promise<SignedIn>;
  /** Starts the program and calls a tool; returns why that failed. */
  refused(args?: string[]): Promise<RpcFailure>;
  close(): Promise<void>;
}

export interface SignedIn {
  readonly proxy: ProxyProcess;
  /** The name that the server knows the user by. */
  whoami(): Promise<string>;
  /** The authorization request, the exchange of its code, and the last refresh. */
  readonly requests: { authorize: URLSearchParams; exchange: URLSearchParams; refresh: URLSearchParams };
}

export interface RpcFailure {
  readonly proxy: ProxyProcess;
  readonly code: number;
  readonly message: string;
  readonly hint: string;
}

export interface SignInFixtureOptions {
  as?: AuthorizationServerOptions;
  server?: Partial<ProtectedServerOptions>;
  /** Both at one origin. */
  sameHost?: boolean;
}

export async function startSignInFixture({
  as: given,
  server: more,
  sameHost,
}: SignInFixtureOptions = {}): Promise<SignInFixture> {
  const as = await startAuthorizationServer(given);
  const server = await startProtectedServer({ authorizationServer: as, ...(sameHost && { hosted: as }), ...more });
  const browser = await startBrowser('approve');
  const home = privateHome();
  const start = (args: string[], home?: string): ProxyProcess =>
    startProxy(server.url, args, { env: { BROWSER: browser.command }, ...(home !== undefined && { home }) });
  const whoami = async (proxy: ProxyProcess): Promise<string> => {
    const result = await proxy.rpc.request('tools/call', { name: 'whoami', arguments: {} });
    return result.content[0].text as string;
  };
  const formOf = (grantType: string): URLSearchParams =>
    as.tokenRequests(grantType).at(-1)?.form ?? new URLSearchParams();
  return {
    as,
    server,
    browser,
    home,
    async signedIn(args = [], at) {
      const proxy = start(args, at);
      await proxy.rpc.initialize('2025-11-25');
      await proxy.rpc.request('tools/list');
      await whoami(proxy);
      return {
        proxy,
        whoami: () => whoami(proxy),
        get requests() {
          return {
            authorize: new URL(browser.opened.at(-1) ?? '').searchParams,
            exchange: formOf('authorization_code'),
            refresh: formOf('refresh_token'),
          };
        },
      };
    },
    async refused(args = []) {
      const proxy = start(args);
      try {
        await proxy.rpc.initialize('2025-11-25');
        await whoami(proxy);
      } catch (error) {
        const { code, message, data } = error as { code: number; message: string; data?: { hint?: string } };
        return { proxy, code, message, hint: data?.hint ?? '' };
      }
      throw new Error('the program signed in');
    },
    async close() {
      rmSync(home, { recursive: true, force: true });
      await browser.close();
      await server.close();
      await as.close();
    },
  };
}

// Sign-ins that fail or do not end.

import { legacyServer } from '../../peers/minimal-server.ts';
import { type AuthorizationServerOptions, startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { type Browser, type BrowserMode, startBrowser } from '../../peers/oauth/browser.ts';
import { type ProtectedServer, startProtectedServer } from '../../peers/oauth/protected-server.ts';
import type { Decision } from '../../peers/oauth/tab.ts';
import type { ProxyProcess } from '../../peers/proxy.ts';
import { startScripted } from '../../peers/scripted.ts';
import { type Filled, type Group, type Play, server } from './mistake.ts';
import { callTool, textOf, toTheEnd } from './transcript.ts';
import type { Workspace } from './workspace.ts';

/** A server that asks for a sign-in, and a user with a browser. */
const protectedBy =
  (mode: BrowserMode, options: AuthorizationServerOptions = {}) =>
  async (workspace: Workspace): Promise<Filled> => {
    const { url } = await protectedServer(workspace, options);
    // Without its URL, because the port of the browser appears nowhere.
    const { command } = await workspace.open(startBrowser(mode).then(({ command, close }) => ({ command, close })));
    return { url, browser: command };
  };

async function protectedServer(workspace: Workspace, options: AuthorizationServerOptions): Promise<ProtectedServer> {
  const authorizationServer = await workspace.open(startAuthorizationServer(options));
  return workspace.open(startProtectedServer({ authorizationServer }));
}

/** The same, with a user who decides once the page is open. */
function deciding(decision: Decision, options: AuthorizationServerOptions = {}, host: Play = callTool) {
  const browsers = new WeakMap<Workspace, Browser>();
  const setUp = async (workspace: Workspace): Promise<Filled> => {
    const { url } = await protectedServer(workspace, options);
    const browser = await startBrowser('hold');
    browsers.set(workspace, browser);
    await workspace.open(Promise.resolve({ close: browser.close }));
    return { url, browser: browser.command };
  };
  const play: Play = async (program, workspace) => {
    const seen = host(program, workspace);
    await pageOf(program);
    await browsers.get(workspace)?.finish(1, decision);
    return seen;
  };
  return { setUp, play };
}

const HIDDEN = 'BROWSER={browser} ';
/** The command without the words that start the browser of the test. */
const shown = (command: string) => ({ command: HIDDEN + command, typed: `$ ${command}` });
const login = shown('mcp-proxy login {url}');

/** The page of the sign-in, as the program wrote it to stderr. */
async function pageOf({ stderrMatching }: ProxyProcess): Promise<string> {
  const [url] = await stderrMatching(/http:\/\/\S+\/authorize\?\S+(?=\s)/);
  return url;
}

/** The same, once the login has also said what the user can type. */
async function loginPage(program: ProxyProcess): Promise<string> {
  await program.stderrMatching(/paste.*\n/);
  return pageOf(program);
}

/** The text of a page in the browser. */
async function browsed(url: string): Promise<readonly string[]> {
  return textOf(await (await fetch(url)).text());
}

/** Pastes a line into the terminal of a login, and then gives up. */
const pasting =
  (line: (page: string) => string): Play =>
  async (program) => {
    const page = await loginPage(program);
    const pasted = line(page);
    // Resolves with what is written after this point.
    const more = new RegExp(`^[^]{${program.stderr.length}}.*\\n`);
    program.stdin.write(`${pasted}\n`);
    // A sign-in that fails ends the program.
    await Promise.race([program.stderrMatching(more), program.exited]).finally(() => program.kill('SIGINT'));
    await program.exit();
    return [`> ${pasted}`, ...program.lines];
  };

const redirectOf = (page: string): URL => new URL(new URL(page).searchParams.get('redirect_uri') ?? '');

/** Opens an address at the port of the sign-in. */
const visiting =
  (address: (redirect: URL) => URL): Play =>
  async (program) => {
    const url = address(redirectOf(await loginPage(program)));
    const seen = await browsed(url.href);
    program.kill('SIGINT');
    await program.exit();
    return [`> ${url.href}`, ...seen];
  };

function withSearch(url: URL, search: Record<string, string>): URL {
  const changed = new URL(url);
  changed.search = new URLSearchParams(search).toString();
  return changed;
}

async function portTaken(workspace: Workspace): Promise<Filled> {
  return { ...(await protectedBy('approve')(workspace)), port: String(await workspace.holdPort()) };
}

export const SIGN_IN: Group = {
  title: 'Signing in',
  mistakes: [
    { title: 'The user declines', ...shown('mcp-proxy {url}'), ...deciding('deny') },
    { title: 'The user declines in a login', ...login, ...deciding('deny', {}, toTheEnd) },
    {
      title: 'The user leaves the page open',
      ...shown('mcp-proxy {url} --auth-timeout 15'),
      setUp: protectedBy('never'),
    },
    {
      title: 'There is no browser on this machine',
      command: 'BROWSER= mcp-proxy {url} --auth-timeout 15',
      typed: '$ mcp-proxy {url} --auth-timeout 15',
      setUp: protectedBy('never'),
    },
    {
      title: 'The browser does not start',
      ...shown('mcp-proxy {url} --auth-timeout 15'),
      setUp: protectedBy('broken'),
    },
    {
      title: 'The page is reopened from the history of the browser',
      ...login,
      setUp: protectedBy('never'),
      play: visiting((redirect) => withSearch(redirect, { code: 'abc123', state: 'of-another-sign-in' })),
    },
    {
      title: 'The address in the browser is opened without what follows the question mark',
      ...login,
      setUp: protectedBy('never'),
      play: visiting((redirect) => redirect),
    },
    {
      title: 'Something that is not an address is pasted into the terminal',
      ...login,
      setUp: protectedBy('never'),
      play: pasting(() => 'abc123'),
    },
    {
      title: 'The address of the sign-in page is pasted, not the one after the sign-in',
      ...login,
      setUp: protectedBy('never'),
      play: pasting((page) => page),
    },
    {
      title: 'The address of another sign-in is pasted',
      ...login,
      setUp: protectedBy('never'),
      play: pasting((page) => withSearch(redirectOf(page), { code: 'abc123', state: 'of-another-sign-in' }).href),
    },
    {
      title: 'The port of the sign-in is in use',
      ...shown('mcp-proxy {url} --callback-port {port}'),
      setUp: portTaken,
      platform: 'linux',
    },
    {
      title: 'The server registers no clients',
      ...shown('mcp-proxy {url}'),
      setUp: protectedBy('approve', { registration: 'off' }),
    },
    {
      title: 'The client id is wrong',
      ...shown(`mcp-proxy {url} --static-oauth-client-info '{"client_id": "my-client"}' --auth-timeout 15`),
      setUp: protectedBy('approve'),
    },
    {
      title: 'The client secret is wrong',
      ...shown(
        `mcp-proxy {url} --static-oauth-client-info '{"client_id": "my-client", "client_secret": "wrong-secret"}'`,
      ),
      ...deciding('approve', {
        clients: [
          {
            client_id: 'my-client',
            client_secret: 'right-secret',
            redirect_uris: ['http://localhost/callback'],
            token_endpoint_auth_method: 'client_secret_basic',
          },
        ],
      }),
    },
    {
      title: 'The scope does not exist',
      ...shown(`mcp-proxy {url} --static-oauth-client-metadata '{"scope": "everything"}'`),
      ...deciding('approve', { scopes: ['tools'] }),
    },
    {
      title: 'The scopes of the server are refused',
      ...shown('mcp-proxy {url}'),
      ...deciding('approve', {
        tokenAnswer: () => ({
          status: 400,
          body: { error: 'invalid_scope', error_description: 'tools is not for you' },
        }),
      }),
    },
    {
      title: 'The authorization server is down',
      ...shown('mcp-proxy {url}'),
      setUp: async (workspace) => {
        const authorizationServer = await workspace.open(startAuthorizationServer());
        const { url } = await workspace.open(startProtectedServer({ authorizationServer }));
        await authorizationServer.close();
        return { url, browser: 'true' };
      },
    },
    {
      title: 'The authorization server fails when the sign-in is done',
      ...shown('mcp-proxy {url}'),
      ...deciding('approve', { tokenAnswer: () => ({ status: 500, body: 'out of order' }) }),
    },
    {
      title: 'The authorization server refuses the sign-in with a reason of its own',
      ...shown('mcp-proxy {url}'),
      ...deciding('approve', { tokenAnswer: () => ({ status: 400, body: { message: 'tenant is missing' } }) }),
    },
    {
      title: 'The authorization server refuses to register a client',
      ...shown('mcp-proxy {url}'),
      setUp: protectedBy('approve', { registration: { status: 400, body: 'native clients are switched off' } }),
    },
    {
      title: 'A login at a server that needs none',
      command: 'mcp-proxy login {url}',
      setUp: server(() => startScripted('/mcp', legacyServer())),
      play: toTheEnd,
    },
    {
      title: 'A logout without a sign-in',
      command: 'mcp-proxy logout https://server.example/mcp',
      play: toTheEnd,
    },
    { title: 'A status without a sign-in', command: 'mcp-proxy status', play: toTheEnd },
  ],
};

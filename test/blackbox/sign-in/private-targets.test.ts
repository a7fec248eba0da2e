// A hostile server on the internet that wants the program to send requests into the private network, or to open
// something that is no web page. The tests look from outside: at a listener in that network, and at the browser.
import { expect, it } from 'vitest';
import { listenLoopback, type Peer } from '../../peers/listen.ts';
import { type Browser, startBrowser } from '../../peers/oauth/browser.ts';
import { opened } from '../../peers/opened.ts';
import { challenge, type Provider, type Routes, startProvider } from '../../peers/providers/provider.ts';
import { startProxy } from '../../peers/proxy.ts';
import { RpcError } from '../../peers/rpc.ts';

const open = opened();
const MCP = 'https://mcp.example.com/mcp';
const METADATA = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';
const ISSUER = 'https://as.example.com';
const DOCUMENT = `${ISSUER}/.well-known/oauth-authorization-server`;

interface Trap {
  readonly inside: Peer & { asked: string[] };
  readonly browser: Browser;
  readonly provider: Provider;
}

interface Lures {
  resourceMetadata?: string;
  issuers?: string[];
  /** Members of the authorization server's document. */
  endpoints?: object;
  /** By URL: where a redirect leads. */
  redirects?: Record<string, string>;
}

/** A listener inside the network that counts its visitors, and a server outside that points there. */
async function startTrap(luresOf: (inside: string) => Lures): Promise<Trap> {
  const asked: string[] = [];
  const peer = await open(
    listenLoopback('', (req, res) => {
      asked.push(req.url ?? '');
      const { port } = new URL(peer.url);
      const origin = `http://127.0.0.1:${port}`;
      const endpoints = { authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token` };
      const resource = { resource: MCP, authorization_servers: [ISSUER] };
      const registered = { client_id: 'x' };
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ issuer: origin, ...endpoints, ...resource, ...registered }));
    }),
  );
  const { resourceMetadata = METADATA, issuers = [ISSUER], endpoints = {}, redirects = {} } = luresOf(peer.url);
  const moved = Object.entries(redirects).map(([from, location]): [string, Routes[string]] => [
    from,
    () => ({ status: 302, headers: { location } }),
  ]);
  const provider = await open(
    startProvider({
      mcpUrl: MCP,
      endpoints: { authorize: `${ISSUER}/authorize`, token: `${ISSUER}/token`, register: `${ISSUER}/register` },
      guard: () => challenge({ resource_metadata: resourceMetadata }),
      routes: {
        [METADATA]: { resource: MCP, authorization_servers: issuers },
        [DOCUMENT]: {
          issuer: ISSUER,
          authorization_endpoint: `${ISSUER}/authorize`,
          token_endpoint: `${ISSUER}/token`,
          registration_endpoint: `${ISSUER}/register`,
          ...endpoints,
        },
        [`${ISSUER}/register`]: () => ({
          status: 201,
          headers: { 'content-type': 'application/json' },
          body: '{"client_id":"known"}',
        }),
        ...Object.fromEntries(moved),
      },
    }),
  );
  return { inside: { ...peer, asked }, browser: await open(startBrowser('hold')), provider };
}

async function refusalOf({ provider, browser }: Trap): Promise<RpcError> {
  const proxy = startProxy(MCP, [], { env: { ...provider.env, BROWSER: browser.command } });
  const refused = await proxy.rpc.initialize('2025-11-25').catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RpcError);
  return refused as RpcError;
}

it.each<[string, (inside: string) => Lures]>([
  ['the metadata of the resource', (inside) => ({ resourceMetadata: `${inside}/prm` })],
  ['a redirect of these', (inside) => ({ redirects: { [METADATA]: `${inside}/prm` } })],
  ['the authorization server', (inside) => ({ issuers: [inside] })],
  ['a redirect of its metadata', (inside) => ({ redirects: { [DOCUMENT]: `${inside}/as` } })],
  ['the registration', (inside) => ({ endpoints: { registration_endpoint: `${inside}/register` } })],
])('does not go inside for %s', async (_, lures) => {
  const trap = await startTrap(lures);
  const { code, message } = await refusalOf(trap);
  expect([code, message]).toEqual([-31004, expect.stringContaining('an address inside a private network')]);
  expect(trap.inside.asked).toEqual([]);
  expect(trap.browser.opened).toEqual([]);
});

it('does not send a code to a private address', async () => {
  const trap = await startTrap((inside) => ({ endpoints: { token_endpoint: `${inside}/token` } }));
  const { provider, browser } = trap;
  const proxy = startProxy(MCP, [], { env: { ...provider.env, BROWSER: browser.command } });
  await proxy.rpc.initialize('2025-11-25');
  const query = new URL(await browser.waitForTab(1)).searchParams;
  const answer = new URLSearchParams({ code: 'code-1', state: query.get('state') ?? '' });
  const page = await browser.visit(`${query.get('redirect_uri')}?${answer}`);
  expect(page.html).toContain('an address inside a private network');
  await proxy.stderrMatching(/an address inside a private network/);
  expect(trap.inside.asked).toEqual([]);
});

it('does not follow the redirect of a registration', async () => {
  const trap = await startTrap((inside) => ({ redirects: { [`${ISSUER}/register`]: `${inside}/register` } }));
  const { code } = await refusalOf(trap);
  expect(code).toBe(-31004);
  expect(trap.inside.asked).toEqual([]);
});

it('recognises other names for this machine', async () => {
  for (const host of ['localhost', 'as.localhost', '0x7f.1', '[::ffff:127.0.0.1]']) {
    const trap = await startTrap((inside) => ({ issuers: [`https://${host}:${new URL(inside).port}`] }));
    expect((await refusalOf(trap)).message).toContain('private network');
    expect(trap.inside.asked).toEqual([]);
  }
});

it.each([
  'file:///etc/passwd',
  'smb://server/share',
  'javascript:alert(1)',
  '$(touch pwned)',
  'https://accounts.google.com@as.example.com/authorize',
  'http://as.example.com/authorize',
  'ms-msdt:/id PCWDiagnostic',
  '\\\\server\\share\\evil.exe',
])('opens no page for the authorization_endpoint %s', async (endpoint) => {
  const trap = await startTrap(() => ({ endpoints: { authorization_endpoint: endpoint } }));
  const { code, message } = await refusalOf(trap);
  expect(code).toBe(-31004);
  expect(message).toContain(`no usable authorization_endpoint (found ${JSON.stringify(endpoint)})`);
  expect(trap.browser.opened).toEqual([]);
  expect(trap.provider.count('register')).toBe(0);
});

it('gives the browser a URL that looks like a command unchanged', async () => {
  const endpoint = `${ISSUER}/authorize?a=$(touch%20pwned)&b=%25COMSPEC%25;id|cat&c='"\`id\``;
  const trap = await startTrap(() => ({ endpoints: { authorization_endpoint: endpoint } }));
  const { provider, browser } = trap;
  const proxy = startProxy(MCP, [], { env: { ...provider.env, BROWSER: browser.command } });
  await proxy.rpc.initialize('2025-11-25');
  const url = await browser.waitForTab(1);
  expect(browser.arguments).toEqual([[url]]);
  const query = new URL(url).searchParams;
  expect(['a', 'b', 'c'].map((name) => query.get(name))).toEqual(['$(touch pwned)', '%COMSPEC%;id|cat', `'"\`id\``]);
  expect(query.get('response_type')).toBe('code');
});

// Accounts stay apart, and no server gets a token that was not issued for it.
import { expect, it } from 'vitest';
import { listenLoopback } from '../../../peers/listen.ts';
import { startAuthorizationServer } from '../../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { type ProtectedServerOptions, startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { PROGRAM, startProxy } from '../../../peers/proxy.ts';
import { askWhoami, run, sharedHome, whoami } from '../command.ts';

const open = opened();

async function protectedServer(options: Partial<ProtectedServerOptions> = {}) {
  const authorizationServer = await open(startAuthorizationServer({ resource: 'required' }));
  const server = await open(startProtectedServer({ authorizationServer, ...options }));
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  return { authorizationServer, server, browser, options: { home, env: { BROWSER: browser.command } } };
}

/** Another person's server, and the tokens that it was sent. */
async function stranger() {
  const seen: (string | undefined)[] = [];
  const { url } = await open(
    listenLoopback('/mcp', (req, res) => {
      seen.push(req.headers.authorization);
      res.writeHead(404).end();
    }),
  );
  return { url, seen };
}

it.each([
  ['profiles', (name: string) => ['--profile', name]],
  ['resources', (name: string) => ['--resource', `https://tenants.example/${name}`]],
])('two accounts at one server, by %s', async (_, flags) => {
  const { authorizationServer, server, browser, options } = await protectedServer({ checkResource: false });
  const accounts = ['ada', 'bob'];
  for (const account of accounts) {
    authorizationServer.behaviour.subject = account;
    expect(await askWhoami(server.url, flags(account), options)).toBe(account);
  }
  authorizationServer.behaviour.subject = 'nobody';
  const proxies = accounts.map((account) => startProxy(server.url, flags(account), options));
  for (const proxy of proxies) await proxy.rpc.initialize('2025-11-25');
  expect(await Promise.all(proxies.map(whoami))).toEqual(accounts);
  authorizationServer.expireAccessTokens();
  expect(await Promise.all(proxies.map(whoami))).toEqual(accounts);
  expect(browser.opened).toHaveLength(2);

  // Signing out of one leaves the other alone.
  await run('logout', [server.url, ...flags('ada')], options);
  expect(await askWhoami(server.url, flags('bob'), options)).toBe('bob');
  expect(await askWhoami(server.url, flags('ada'), options)).toBe('nobody');
  expect(browser.opened).toHaveLength(3);
});

it('another value of a header does not change the account', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  for (const key of ['first-key', 'second-key']) {
    expect(await askWhoami(server.url, ['-H', `X-Api-Key: ${key}`], options)).toBe('ada');
    expect(server.requests.at(-1)?.headers['x-api-key']).toBe(key);
  }
  expect(browser.opened).toHaveLength(1);
  expect(authorizationServer.count('token')).toBe(1);
  for (const { headers } of authorizationServer.requests) expect(headers['x-api-key']).toBeUndefined();
});

it('a token is for one server only, even if another one has the same authorization server', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  // Would accept any token.
  const greedy = await open(startProtectedServer({ authorizationServer, checkResource: false }));
  for (const { url } of [server, greedy]) expect(await askWhoami(url, [], options)).toBe('ada');
  const bearers = [server, greedy].map(({ requests }) => new Set(requests.map(({ authorization }) => authorization)));
  const [own = new Set(), others = new Set()] = bearers;
  expect([...own].filter((bearer) => bearer !== undefined && others.has(bearer))).toEqual([]);
  expect(authorizationServer.grants.map(({ resource }) => resource)).toEqual([server.url, greedy.url]);
  expect(browser.opened).toHaveLength(2);
});

it('a server that says it is another one gets no token for it', async () => {
  const { server, browser, options } = await protectedServer({ metadata: { resource: 'https://bank.example/mcp' } });
  const proxy = startProxy(server.url, [], options);
  const error = await proxy.rpc.initialize('2025-11-25').catch((e: unknown) => e);
  expect(error).toMatchObject({ code: -31004, message: expect.stringContaining('https://bank.example/mcp') });
  expect(browser.opened).toEqual([]);
});

it.each([307, 308])('no token follows a %i to another origin', async (status) => {
  const { server, options } = await protectedServer();
  const { url, seen } = await stranger();
  const proxy = startProxy(server.url, [], options);
  await proxy.rpc.initialize('2025-11-25');
  await proxy.rpc.request('tools/list');
  expect(await whoami(proxy)).toBe('ada');
  server.behaviour.instead = ({ tool }) => (tool ? { status, headers: { location: url } } : undefined);
  await expect(whoami(proxy)).rejects.toThrow(new URL(url).host);
  expect(seen.filter((authorization) => authorization !== undefined)).toEqual([]);
  server.behaviour.instead = undefined;
  expect(await whoami(proxy)).toBe('ada');
});

it('no token goes to a message endpoint at another origin', async () => {
  const { server, options } = await protectedServer({ carrier: 'sse' });
  const { url, seen } = await stranger();
  expect((await run('login', [server.url], options)).code).toBe(0);
  server.behaviour.instead = ({ method, path, authorization }) =>
    method === 'GET' && path === '/sse' && authorization !== undefined
      ? { status: 200, headers: { 'content-type': 'text/event-stream' }, body: `event: endpoint\ndata: ${url}\n\n` }
      : undefined;
  const proxy = startProxy(server.url, ['--transport', 'sse-only'], options);
  await expect(proxy.rpc.initialize('2025-11-25')).rejects.toThrow();
  expect(server.requests.some(({ path, authorization }) => path === '/sse' && authorization !== undefined)).toBe(true);
  expect(seen.filter((authorization) => authorization !== undefined)).toEqual([]);
});

it.each([[[]], [['login']], [['status']]] as const)('a missing keychain is reported: %j', async (words) => {
  const { server, browser, options } = await protectedServer();
  const program = startProxy(words[0], [server.url, '--credential-store', 'keychain'], options);
  expect(await program.exit()).toEqual({ code: 2, signal: null });
  expect(program.lines).toEqual([]);
  const [problem, hint, ...more] = program.stderr.trimEnd().split('\n');
  expect(problem).toBe(
    'mcp-proxy: --credential-store keychain needs the package @napi-rs/keyring, which is not installed',
  );
  // For a checkout or an executable; a table of its own has the other ways to start the program.
  const isExecutable = PROGRAM.length === 1;
  expect(hint).toMatch(
    isExecutable
      ? /^hint: a single executable cannot load packages: /
      : /^hint: npm install --no-save --prefix \S.* @napi-rs\/keyring$/,
  );
  expect(more).toEqual([]);
  expect(server.requests).toEqual([]);
  expect(browser.opened).toEqual([]);
});

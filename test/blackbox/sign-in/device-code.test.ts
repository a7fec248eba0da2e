// --device-code: the user signs in on another device (RFC 8628), at a scripted server.
import { expect, it } from 'vitest';
import { listenLoopback } from '../../peers/listen.ts';
import { type AuthorizationServerOptions, startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { askWhoami, outcome, sharedHome, whoami } from './command.ts';

const open = opened();
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const HOSTILE_PAGES = [
  'file:///etc/passwd',
  'javascript:alert(1)',
  'smb://server/share',
  'http://as.example.com/device',
  'https://accounts.example@as.example.com/device',
  '$(touch pwned)',
];
const AT_ONCE = { pending: 0, slowDown: 0, outcome: 'approve', interval: 1, expiresIn: 600 } as const;

async function protectedServer(options: AuthorizationServerOptions = {}) {
  const authorizationServer = await open(startAuthorizationServer({ resource: 'required', ...options }));
  const server = await open(
    startProtectedServer({ authorizationServer, requiredScopes: ['mcp'], challengeScope: 'mcp' }),
  );
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  return { authorizationServer, server, browser, options: { home, env: { BROWSER: browser.command } } };
}

it('shows page and code, waits for the user, and refreshes the tokens', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer({
    device: { ...AT_ONCE, pending: 2 },
  });
  const proxy = startProxy(server.url, ['--device-code'], options);
  await proxy.rpc.initialize('2025-11-25');
  await proxy.stderrMatching(/(?=.*WDJB-0001).*http:\S+\/device\s/);
  await proxy.rpc.request('tools/list');
  expect(await whoami(proxy)).toBe('ada');
  const polls = authorizationServer.tokenRequests(DEVICE_GRANT);
  expect(polls.map(({ status }) => status)).toEqual([400, 400, 200]);
  for (const { form } of polls) expect(form.get('resource')).toBe(server.url);
  const [asked] = authorizationServer.of('device');
  expect(asked?.form.get('scope')).toBe('mcp');
  expect(asked?.form.get('resource')).toBe(server.url);
  const [registration] = authorizationServer.of('register');
  expect(registration?.json).toMatchObject({ grant_types: [DEVICE_GRANT, 'refresh_token'] });

  authorizationServer.expireAccessTokens();
  expect(await whoami(proxy)).toBe('ada');
  await proxy.close();
  expect(authorizationServer.tokenRequests('refresh_token').map(({ status }) => status)).toEqual([200]);
  expect(await askWhoami(server.url, ['--device-code'], options)).toBe('ada');
  expect(authorizationServer.count('device')).toBe(1);
  expect(authorizationServer.count('authorize')).toBe(0);
  expect(browser.opened).toEqual([]);
});

/** An authorization server whose page does not know the code. */
async function withoutCompletePage(pages: object = {}): Promise<AuthorizationServerOptions> {
  const { url } = await open(
    listenLoopback('/device', (_req, res) => {
      const page = `${new URL('/activate', url)}`;
      const shown = { verification_uri: page, ...pages };
      const body = { device_code: 'of-nobody', user_code: 'BDWP-HQPK', ...shown, expires_in: 600 };
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...body, interval: 600 }));
    }),
  );
  return { metadata: { device_authorization_endpoint: url } };
}

it('a call that comes meanwhile gets page and code', async () => {
  const { server, options } = await protectedServer(await withoutCompletePage());
  const proxy = startProxy(server.url, ['--device-code'], options);
  await proxy.rpc.initialize('2025-11-25');
  const [, page] = await proxy.stderrMatching(/(?=.*BDWP-HQPK).*?(http:\S+\/activate)\s/);
  const error = await whoami(proxy).catch((e: unknown) => e);
  expect(error).toMatchObject({
    code: -31004,
    message: expect.stringMatching(/BDWP-HQPK/),
  });
  expect((error as Error).message).toContain(page);
});

it('a host that can show pages is given page and code', async () => {
  const { server, options } = await protectedServer(await withoutCompletePage());
  const proxy = startProxy(server.url, ['--device-code'], options);
  await proxy.rpc.initialize('2025-11-25', { elicitation: { url: {} } });
  const { message } = await proxy.rpc.next('elicitation/create');
  expect(message.params).toMatchObject({ mode: 'url', message: expect.stringContaining('BDWP-HQPK') });
  expect(message.params.url).toMatch(/\/activate$/);
});

it.each(HOSTILE_PAGES)('shows nobody the page %j', async (page) => {
  const { server, browser, options } = await protectedServer(await withoutCompletePage({ verification_uri: page }));
  const { code, out, err } = await outcome(startProxy('login', [server.url, '--device-code'], options));
  expect({ code, out }).toEqual({ code: 1, out: [] });
  expect(err).not.toContain('BDWP-HQPK');
  const proxy = startProxy(server.url, ['--device-code'], options);
  const opening = proxy.rpc.initialize('2025-11-25', { elicitation: { url: {} } });
  const error = await opening.then(() => whoami(proxy)).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: -31004, message: expect.stringContaining('no usable verification_uri') });
  expect(proxy.rpc.received.filter(({ message }) => message.method === 'elicitation/create')).toEqual([]);
  expect(browser.opened).toEqual([]);
});

it.each(HOSTILE_PAGES)('does not take %j for a page that knows the code', async (page) => {
  const { server, browser, options } = await protectedServer(
    await withoutCompletePage({ verification_uri_complete: page }),
  );
  const proxy = startProxy(server.url, ['--device-code'], options);
  await proxy.rpc.initialize('2025-11-25', { elicitation: { url: {} } });
  const { message } = await proxy.rpc.next('elicitation/create');
  expect(message.params.url).toMatch(/\/activate$/);
  expect(browser.opened).toEqual([]);
});

it('asks less often when the server wants that', async () => {
  const { authorizationServer, server, options } = await protectedServer({ device: { ...AT_ONCE, slowDown: 1 } });
  const program = startProxy('login', [server.url, '--device-code'], options);
  expect(await outcome(program)).toMatchObject({ code: 0, out: [`signed in to ${server.url}`] });
  const [first, second, ...more] = authorizationServer.tokenRequests(DEVICE_GRANT);
  expect([first?.status, second?.status, more.length]).toEqual([400, 200, 0]);
  // Five seconds more than the server had asked for (RFC 8628, section 3.5), with some tolerance for the clocks.
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(5_900);
});

it('waits five seconds where the server does not say how long', async () => {
  const { authorizationServer, server, options } = await protectedServer({
    device: { ...AT_ONCE, interval: undefined },
  });
  const program = startProxy('login', [server.url, '--device-code'], options);
  expect((await outcome(program)).code).toBe(0);
  const [begun, asked] = authorizationServer.requests.filter(({ kind }) => kind === 'device' || kind === 'token');
  expect((asked?.at ?? 0) - (begun?.at ?? 0)).toBeGreaterThan(4_900);
});

it('asks a failing token endpoint again', async () => {
  const { authorizationServer, server, options } = await protectedServer({
    device: AT_ONCE,
    tokenAnswer: ({ n }) => (n === 1 ? { status: 503, body: 'busy' } : undefined),
  });
  const program = startProxy('login', [server.url, '--device-code'], options);
  expect(await outcome(program)).toMatchObject({ code: 0, out: [`signed in to ${server.url}`] });
  expect(authorizationServer.tokenRequests(DEVICE_GRANT).map(({ status }) => status)).toEqual([503, 200]);
});

it.each([
  ['deny', /was denied$/],
  ['expire', /failed: expired_token$/],
] as const)('a user who lets it %s', async (decision, words) => {
  const { authorizationServer, server, options } = await protectedServer({ device: { ...AT_ONCE, outcome: decision } });
  const { code, out, err } = await outcome(startProxy('login', [server.url, '--device-code'], options));
  expect({ code, out }).toEqual({ code: 1, out: [] });
  const [, , why, hint, ...more] = err.trimEnd().split('\n');
  expect(why).toMatch(words);
  expect(hint).toMatch(/^hint: \S/);
  expect(more).toEqual([]);

  const proxy = startProxy(server.url, ['--device-code'], options);
  await proxy.rpc.initialize('2025-11-25');
  await authorizationServer.waitFor('token', 2);
  const error = await whoami(proxy).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: -31004 });
  expect(authorizationServer.grants).toEqual([]);
});

it('reports a code that expires', async () => {
  const { server, options } = await protectedServer({ device: { ...AT_ONCE, pending: 99, expiresIn: 2 } });
  const { code, err } = await outcome(startProxy('login', [server.url, '--device-code'], options));
  expect(code).toBe(1);
  expect(err).toMatch(/nobody entered the code in time|expired_token/);
});

it('tells a server without the device grant apart from one that failed', async () => {
  const { server, options } = await protectedServer({ metadata: { device_authorization_endpoint: undefined } });
  const { code, err } = await outcome(startProxy('login', [server.url, '--device-code'], options));
  expect(code).toBe(1);
  expect(err).toMatch(/no sign-in with a device code\nhint: leave --device-code out\n$/);
});

it.each([
  ['longer than anybody can wait', 1e9, 2],
  ['shorter than anybody should', 0.001, 2],
])('does not flood the server when its interval is %s', async (_, interval, expiresIn) => {
  const { authorizationServer, server, options } = await protectedServer({
    device: { ...AT_ONCE, pending: 1_000, interval, expiresIn },
  });
  const { code, err } = await outcome(startProxy('login', [server.url, '--device-code'], options));
  expect(code).toBe(1);
  expect(err).toMatch(/nobody entered the code|expired/);
  expect(authorizationServer.tokenRequests(DEVICE_GRANT).length).toBeLessThanOrEqual(3);
});

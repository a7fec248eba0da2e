// Secrets are nowhere outside the store: in no log at any level, no error, no page and no other file, whatever the
// servers repeat of what they were sent.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TokenRequest } from '../../peers/oauth/behaviour.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { expectClean, type Fixture, fixture, TOOLS, toolNames } from './first-contact/fixture.ts';

const open = opened();
const LEVELS = ['debug', 'info', 'warn', 'error'];
const HEADER = 'header-value-Zq81kdkw02';
const ARGUMENT = 'argument-Ok29dmwpa93';
const CALL = { name: 'whoami', arguments: { note: ARGUMENT } };
const STORE = '.cache/mcp-proxy/credentials';

/** An authorization server that repeats every request that it refuses. */
const repeating = ({ form, headers }: TokenRequest) => ({
  status: 400,
  body: {
    error: 'invalid_grant',
    error_description: `no good: ${[...form.values()].join(' ')} ${headers.authorization}`,
  },
});

describe.each(LEVELS)('at the level %s', (level) => {
  it('a session with a sign-in, a refresh, and refusals that repeat what they refuse', async () => {
    const made = await fixture(open, 'approve', {
      authorizationServer: { registration: 'secret', scopes: ['openid', 'mcp', 'admin'] },
      server: { challengeScope: 'openid mcp', carrier: 'sessions' },
    });
    const { authorizationServer, browser, server } = made;
    const proxy = made.start(['--log-level', level, '-H', `X-Key: ${HEADER}`]);
    const call = async (): Promise<string> => JSON.stringify((await proxy.rpc.exchange('tools/call', CALL)).message);
    await proxy.rpc.initialize();
    expect(toolNames(await proxy.rpc.request('tools/list'))).toEqual(TOOLS);
    expect(await call()).toContain('ada');
    authorizationServer.expireAccessTokens();
    expect(await call()).toContain('ada');
    expect(authorizationServer.tokenRequests('refresh_token')).toHaveLength(1);

    for (const status of [400, 403, 500]) {
      server.behaviour.instead = ({ headers, tool }) =>
        tool === undefined ? undefined : { status, body: `refused: ${headers.authorization} ${headers['x-key']}` };
      expect(await call()).toContain('"error"');
    }
    server.behaviour.instead = undefined;

    authorizationServer.behaviour.tokenAnswer = repeating;
    authorizationServer.expireAccessTokens();
    expect(await call()).toContain('-31004');
    expect(authorizationServer.tokenRequests('refresh_token')).toHaveLength(2);
    expect(authorizationServer.tokenRequests('authorization_code')).toHaveLength(2);
    expect((await browser.waitForPage(2)).status).not.toBe(200);
    await proxy.close();
    expectClean(proxy);
    expectSecrecy(made, [proxy]);
  });

  it('a first contact that is refused by its user, and one that nobody finishes', async () => {
    const made = await fixture(open, 'hold', { authorizationServer: { registration: 'secret' } });
    const { browser, authorizationServer } = made;
    const proxy = made.start(['--log-level', level, '-H', `X-Key: ${HEADER}`]);
    await proxy.rpc.initialize();
    await proxy.rpc.exchange('tools/call', CALL);
    const listed = proxy.rpc.exchange('tools/list');
    await browser.finish(1, 'deny');
    expect((await listed).message.error?.code).toBe(-31004);
    await proxy.close();

    const again = made.start(['--log-level', level, '-H', `X-Key: ${HEADER}`]);
    authorizationServer.behaviour.tokenAnswer = repeating;
    await again.rpc.initialize();
    await browser.waitForTab(2);
    // What another process needs to continue, above all the code verifier.
    const verifier = pending(made).verifier;
    expect(verifier.length).toBeGreaterThan(40);
    expectStore(made);
    const waiting = again.rpc.exchange('tools/list');
    await browser.finish(2);
    expect((await waiting).message.error?.code).toBe(-31004);
    await again.close();
    expectSecrecy(made, [proxy, again], [verifier]);
  });

  it('the other commands', async () => {
    const made = await fixture(open, 'approve', { authorizationServer: { registration: 'secret' } });
    const { server, browser, home } = made;
    const options = { home, env: { BROWSER: browser.command } };
    const run = async (command: string): Promise<ProxyProcess> => {
      const args = [command, server.url, '--log-level', level, '-H', `X-Key: ${HEADER}`];
      const proxy = startProxy(undefined, args, options);
      proxy.stdin.end();
      expect(await proxy.exit(), proxy.stderr).toEqual({ code: 0, signal: null });
      return proxy;
    };
    const ran = [await run('login'), await run('status')];
    expectStore(made);
    ran.push(await run('logout'));
    expect(browser.opened).toHaveLength(1);
    expectSecrecy(made, ran);
  });
});

/** Repeats what it was sent in unexpected places, cut off or whole. */
const KINDS: [string, (sent: string) => object][] = [
  ['the name of the error', (sent) => ({ error: sent })],
  ['the name of the error, cut off', (sent) => ({ error: sent.slice(0, 20) })],
  [
    'the description, cut off',
    (sent) => ({ error: 'invalid_request', error_description: `no: ${sent.slice(0, 18)}…` }),
  ],
  ['the type of the tokens', (sent) => ({ access_token: 'x', token_type: sent })],
];

describe.each(['code', 'code_verifier', 'client_secret', 'authorization'])('an echo of %s', (what) => {
  it.each(KINDS)('in %s', async (_kind, bodyWith) => {
    const made = await fixture(open, 'approve', { authorizationServer: { registration: 'secret' } });
    made.authorizationServer.behaviour.tokenAnswer = ({ form, headers }) => {
      const [, pair = ''] = String(headers.authorization).split(' ');
      const secret = decodeURIComponent(Buffer.from(pair, 'base64').toString().split(':')[1] ?? '');
      const sent = { authorization: pair, client_secret: form.get('client_secret') ?? secret }[what] ?? form.get(what);
      expect(String(sent).length).toBeGreaterThan(16);
      const body = bodyWith(String(sent));
      return { status: 'access_token' in body ? 200 : 400, body };
    };
    const proxy = made.start(['--log-level', 'debug']);
    await proxy.rpc.initialize();
    expect((await proxy.rpc.exchange('tools/list')).message.error?.code).toBe(-31004);
    await proxy.close();
    expect((await made.browser.waitForPage(1)).status).not.toBe(200);
    expectSecrecy(made, [proxy]);
  });
});

it('a server that calls itself by its bearer is not quoted in the log', async () => {
  const made = await fixture(open, 'approve', { server: { carrier: 'sessions' } });
  made.server.behaviour.instead = ({ headers, method }) =>
    method === 'tools/list' || headers.authorization === undefined
      ? undefined
      : { status: 500, headers: { 'content-type': `text/${headers.authorization.split(' ')[1]}` }, body: 'x' };
  const proxy = made.start(['--log-level', 'debug']);
  await proxy.rpc.initialize();
  await proxy.rpc.exchange('tools/list');
  await proxy.rpc.exchange('tools/call', CALL);
  await proxy.close();
  expectSecrecy(made, [proxy]);
});

it('the store is readable for this user only, whatever the umask', async () => {
  if (process.platform === 'win32') return;
  const made = await fixture(open, 'approve');
  const umask = process.umask(0);
  try {
    const proxy = made.start();
    await proxy.rpc.initialize();
    await proxy.rpc.request('tools/list');
    await proxy.close();
  } finally {
    process.umask(umask);
  }
  expectStore(made);
});

/** Everything that is kept between two runs, and who may read it. */
function expectStore({ home }: Fixture): void {
  const folders = ['.cache/mcp-proxy', STORE].map((folder) => path.join(home, folder));
  const files = readdirSync(path.join(home, STORE)).map((name) => path.join(home, STORE, name));
  expect(files.length).toBeGreaterThan(0);
  if (process.platform === 'win32') return;
  for (const folder of folders) expect(statSync(folder).mode & 0o777, folder).toBe(0o700);
  for (const file of files) expect(statSync(file).mode & 0o777, file).toBe(0o600);
}

function pending({ home }: Fixture): { verifier: string } {
  const name = readdirSync(path.join(home, STORE)).find((file) => file.endsWith('.sign-in.json'));
  return JSON.parse(readFileSync(path.join(home, STORE, name ?? 'no sign-in'), 'utf8'));
}

function expectSecrecy(made: Fixture, proxies: ProxyProcess[], more: string[] = []): void {
  const secrets = secretsOf(made, more);
  expect(secrets.length).toBeGreaterThan(4);
  const places: [string, string][] = [
    ...proxies.flatMap((proxy): [string, string][] => [
      ['stdout', proxy.lines.join('\n')],
      ['stderr', proxy.stderr],
    ]),
    ['the arguments of the browser', JSON.stringify(made.browser.arguments)],
    ['the pages', made.browser.pages.map(({ html }) => html).join('\n')],
    ...filesBeside(made.home),
  ];
  for (const [place, text] of places) {
    for (const [kind, secret] of secrets) {
      if (text.includes(secret)) throw new Error(`${kind} in ${place}: ${excerpt(text, secret)}`);
    }
  }
}

function excerpt(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return text.slice(Math.max(0, at - 300), at + secret.length + 100);
}

/** Everything that was sent or issued and could be used by a reader, in the spellings in which it may be repeated. */
function secretsOf({ authorizationServer, server }: Fixture, more: string[]): [string, string][] {
  const found: [string, string][] = [
    ['a header value', HEADER],
    ['an argument', ARGUMENT],
    ...more.map((secret): [string, string] => ['a verifier', secret]),
  ];
  for (const { value, kind } of authorizationServer.tokens.values()) found.push([`${kind} token`, value]);
  for (const { client_secret: secret } of authorizationServer.clients.values()) {
    if (secret !== undefined) found.push(['a client secret', secret]);
  }
  for (const { form, headers } of authorizationServer.of('token')) {
    for (const name of ['code', 'code_verifier', 'refresh_token', 'client_secret', 'client_assertion']) {
      const value = form.get(name);
      if (value !== null) found.push([name, value]);
    }
    if (headers.authorization !== undefined) found.push(['client credentials', headers.authorization]);
  }
  for (const { authorization } of server.requests)
    if (authorization !== undefined) found.push(['bearer', authorization]);
  return found.flatMap(([kind, secret]): [string, string][] => [
    [kind, secret],
    // The beginning of a secret that was cut off.
    [kind, secret.slice(0, Math.max(16, HEADER.length))],
    [kind, encodeURIComponent(secret)],
    [kind, Buffer.from(secret).toString('base64').replace(/=+$/, '')],
  ]);
}

/** The files of a home outside the store, with their content. */
function filesBeside(home: string): [string, string][] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !path.join(entry.parentPath, entry.name).includes(STORE))
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return [file, `${file}\n${readFileSync(file, 'latin1')}`];
    });
}

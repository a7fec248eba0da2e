// Whatever is stored, a new process works or asks for a sign-in: no user has to delete a file or sign out first.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { opened } from '../../peers/opened.ts';
import { type Fixture, fixture, TOOLS, toolNames } from './first-contact/fixture.ts';

const open = opened();
const STORE = '.cache/mcp-proxy/credentials';

// biome-ignore lint/suspicious/noExplicitAny: records are changed in ways that their type does not allow
type Damage = (record: any) => unknown;

function damage({ home }: Fixture, change: Damage): void {
  const name = readdirSync(path.join(home, STORE)).find((file) => /^[0-9a-f]{32}\.json$/.test(file));
  const file = path.join(home, STORE, name ?? 'no record');
  const record = JSON.parse(readFileSync(file, 'utf8'));
  const changed = change(record) ?? record;
  writeFileSync(file, typeof changed === 'string' ? changed : JSON.stringify(changed));
}

async function session({ start }: Fixture): Promise<string> {
  const proxy = start();
  await proxy.rpc.initialize();
  expect(toolNames(await proxy.rpc.request('tools/list'))).toEqual(TOOLS);
  await proxy.close();
  return proxy.stderr;
}

const USELESS: [string, Damage][] = [
  [
    'a token with a line break',
    ({ tokens }) => {
      tokens.accessToken += '\r\nX-Injected: 1';
    },
  ],
  [
    'a token with a line break, and no refresh token',
    (r) => {
      r.tokens = { ...r.tokens, accessToken: 'a\nb', refreshToken: undefined };
    },
  ],
  [
    'a token beyond ASCII',
    ({ tokens }) => {
      tokens.accessToken = 'tökén';
    },
  ],
  [
    'a token with a space',
    ({ tokens }) => {
      tokens.accessToken = 'two words';
    },
  ],
  [
    'a token that is not a text',
    ({ tokens }) => {
      tokens.accessToken = { a: 1 };
    },
  ],
  [
    'an ID token that is not there',
    ({ tokens }) => {
      tokens.bearer = 'id_token';
    },
  ],
  [
    'no tokens but a text',
    (record) => {
      record.tokens = 'abc';
    },
  ],
  [
    'another version',
    (record) => {
      record.version = 2;
    },
  ],
  ['half of a record', (record) => JSON.stringify(record).slice(0, 200)],
  ['a list', () => []],
  ['nothing', () => ''],
];

describe('a record that cannot be used is set aside with a warning, and the sign-in starts anew', () => {
  it.each(USELESS)('%s', async (_what, change) => {
    const made = await fixture(open, 'approve');
    expect(await session(made)).not.toContain('set aside');
    damage(made, change);
    expect(await session(made)).toMatch(/warn: the stored sign-in to .* is set aside: /);
    expect(made.browser.opened).toHaveLength(2);
    expect(await session(made)).not.toContain('set aside');
    expect(made.browser.opened).toHaveLength(2);
  });
});

const DAMAGED_CLIENTS: [string, Damage][] = [
  [
    'a registration with an unknown method',
    ({ client }) => {
      client.authMethod = 'unheard_of';
    },
  ],
  [
    'a registration without its secret',
    ({ client }) => {
      client.authMethod = 'client_secret_basic';
    },
  ],
  [
    'a registration without an id',
    ({ client }) => {
      client.clientId = '';
    },
  ],
  [
    'an authorization server without a token endpoint',
    ({ issuer }) => {
      delete issuer.token_endpoint;
    },
  ],
  [
    'an authorization server that is a text',
    (record) => {
      record.issuer = 'https://as.example';
    },
  ],
];

it.each(DAMAGED_CLIENTS)('%s: the next sign-in registers again', async (_what, change) => {
  const made = await fixture(open, 'approve');
  await session(made);
  damage(made, (record) => {
    record.tokens.accessToken = 'ended';
    record.tokens.refreshToken = undefined;
    return change(record);
  });
  expect(await session(made)).toContain('is set aside');
  expect(made.authorizationServer.clients.size).toBe(2);
  expect(made.browser.opened).toHaveLength(2);
});

type Carrier = 'http' | 'sessions' | 'sse';

const REFUSALS: [string, number, string, string?][] = [
  ['431', 431, ''],
  ['494 of nginx', 494, ''],
  ['nginx', 400, '<html><head><title>400 Request Header Or Cookie Too Large</title></head></html>'],
  [
    'Apache',
    400,
    '<p>Your browser sent a request that this server could not understand.<br />\nSize of a request header field exceeds server limit.</p>',
  ],
  [
    'IIS',
    400,
    '<h2>Bad Request - Request Too Long</h2><hr><p>HTTP Error 400. The size of the request headers is too long.</p>',
  ],
  ['413 that says so', 413, 'Request header is too large'],
  ['414 that says so', 414, 'token too long'],
  ['a JSON body', 400, '{"error":"invalid_token","error_description":"The access token is malformed"}'],
  ['a text', 400, 'Malformed Authorization header'],
  ['a challenge', 400, 'no', 'Bearer error="invalid_request"'],
];

/** The server cannot read any token. */
async function unreadable(
  status: number,
  body: string,
  challenge?: string,
  carrier: Carrier = 'http',
): Promise<Fixture & { large: { token: string } }> {
  const made = await fixture(open, 'approve', { server: { carrier } });
  await session(made);
  const large = { token: made.server.requests.at(-1)?.authorization ?? '' };
  expect(large.token).not.toBe('');
  made.server.behaviour.instead = ({ authorization }) =>
    authorization === large.token
      ? { status, headers: { 'content-type': 'text/plain', ...(challenge && { 'www-authenticate': challenge }) }, body }
      : undefined;
  return { ...made, large };
}

describe('a token that the server cannot read counts as refused', () => {
  it.each(REFUSALS)('%s', async (_what, status, body, challenge) => {
    const made = await unreadable(status, body, challenge);
    expect(await session(made)).toMatch(new RegExp(`set aside: .*HTTP ${status}`));
    expect(made.authorizationServer.tokenRequests('refresh_token')).toHaveLength(1);
    expect(made.browser.opened).toHaveLength(1);
    expect(await session(made)).not.toContain('set aside');
  });

  it.each<Carrier>(['sessions', 'sse'])('over %s, too', async (carrier) => {
    const made = await unreadable(431, '', undefined, carrier);
    expect(await session(made)).toMatch(/set aside: .*HTTP 431/);
    expect(made.authorizationServer.tokenRequests('refresh_token')).toHaveLength(1);
    expect(made.browser.opened).toHaveLength(1);
    expect(await session(made)).not.toContain('set aside');
  });

  it('and so does the one that replaces it, so that the user signs in once', async () => {
    const made = await unreadable(431, '');
    const first = made.large.token;
    const signIns = (): number => made.authorizationServer.tokenRequests('authorization_code').length;
    made.server.behaviour.instead = ({ authorization }) =>
      authorization !== undefined && (authorization === first || signIns() < 2) ? { status: 431 } : undefined;
    await session(made);
    expect(made.authorizationServer.tokenRequests('refresh_token')).toHaveLength(1);
    expect(made.browser.opened).toHaveLength(2);
  });

  it('but a server that can read no token leads to an error, and no further page', async () => {
    const made = await unreadable(431, '');
    made.server.behaviour.instead = ({ authorization }) => (authorization === undefined ? undefined : { status: 431 });
    const proxy = made.start();
    await proxy.rpc.initialize();
    await made.browser.waitForPage(2);
    for (let call = 1; call <= 4; call++) {
      const { message } = await proxy.rpc.exchange('tools/call', { name: 'whoami', arguments: {} });
      expect(message.error ?? message.result).toBeDefined();
    }
    await proxy.close();
    expect(made.browser.opened).toHaveLength(2);
    expect(made.authorizationServer.tokenRequests('refresh_token').length).toBeLessThanOrEqual(2);
  });
});

describe('errors about the call go to the client', () => {
  const ANSWERS: [string, number, string, string?][] = [
    ['a call that is too large', 413, 'payload too large'],
    ['a token in the arguments', 400, 'GitHub: invalid access token in the argument "token"'],
    ['a missing parameter', 400, '{"error":"invalid_request"}', 'Bearer error="invalid_request"'],
    [
      'an error of JSON-RPC',
      400,
      '{"jsonrpc":"2.0","id":3,"error":{"code":-32000,"message":"invalid access token of GitHub"}}',
    ],
    ['an error of HTTP', 400, 'Bad Request: the session is unknown'],
    ['a header that grew', 431, ''],
  ];
  it.each(ANSWERS)('%s', async (_what, status, body, challenge) => {
    const made = await fixture(open, 'approve');
    await session(made);
    const headers = { 'content-type': 'text/plain', ...(challenge && { 'www-authenticate': challenge }) };
    const calls = (): number => made.server.requests.filter(({ tool }) => tool !== undefined).length;
    made.server.behaviour.instead = ({ tool }) => (tool === undefined ? undefined : { status, headers, body });
    const proxy = made.start();
    await proxy.rpc.initialize();
    await proxy.rpc.request('tools/list');
    const { message } = await proxy.rpc.exchange('tools/call', { name: 'whoami', arguments: {} });
    expect(message.error).toBeDefined();
    expect(message.error?.code).not.toBe(-31004);
    expect(calls()).toBe(1);
    await proxy.close();
    expect(proxy.stderr).not.toContain('set aside');
    expect(made.authorizationServer.tokenRequests('refresh_token')).toHaveLength(0);
    expect(made.browser.opened).toHaveLength(1);
  });
});

it('an error about a token in a call goes to the client even after a refresh', async () => {
  const made = await fixture(open, 'approve');
  const proxy = made.start();
  await proxy.rpc.initialize();
  await made.browser.waitForPage(1);
  await expect.poll(async () => toolNames(await proxy.rpc.request('tools/list')).length).toBe(TOOLS.length);
  made.authorizationServer.expireAccessTokens();
  const fresh = made.authorizationServer.tokenRequests('refresh_token');
  made.server.behaviour.instead = ({ tool }) =>
    tool === undefined || made.authorizationServer.tokenRequests('refresh_token').length === fresh.length
      ? undefined
      : { status: 400, body: 'the JWT in the arguments is malformed' };
  const { message } = await proxy.rpc.exchange('tools/call', { name: 'whoami', arguments: {} });
  expect(message.error?.data).toMatchObject({ httpStatus: 400 });
  await proxy.close();
  expect(made.authorizationServer.tokenRequests('refresh_token')).toHaveLength(1);
  expect(made.browser.opened).toHaveLength(1);
});

describe('other stored data can be damaged', () => {
  const NAMES = ['sign-in', 'pause', 'answers'];
  const TEXTS = ['', 'null', '[]', '7', '{"version":1,"url":"x","startedAt":1}', '{"tools/list":null}'];
  it.each(NAMES)('%s', async (name) => {
    const made = await fixture(open, 'approve');
    await session(made);
    const main = readdirSync(path.join(made.home, STORE)).find((file) => /^[0-9a-f]{32}\.json$/.test(file)) ?? '';
    const id = main.slice(0, 32);
    const { serial } = JSON.parse(readFileSync(path.join(made.home, STORE, main), 'utf8'));
    const now = Date.now();
    const forEver = JSON.stringify({ serial, since: now - 1, until: now + 1e12, failures: 1, message: 'wait' });
    const answers = JSON.stringify({
      'tools/list': { result: '{"tools":7}', at: now },
      initialize: { result: 'no', at: now },
    });
    const pending = JSON.stringify({ version: 1, url: 'https://as.example/', startedAt: now, openedAt: now });
    for (const text of [...TEXTS, forEver, answers, pending]) {
      writeFileSync(path.join(made.home, STORE, `${id}.${name}.json`), text);
      made.authorizationServer.expireAccessTokens();
      await session(made);
    }
    expect(made.browser.opened).toHaveLength(1);
  });
});

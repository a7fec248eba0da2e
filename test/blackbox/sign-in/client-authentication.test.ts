// Authorization servers that read the credentials of a client in one place only, whatever they advertise and whatever
// was agreed, and those that refuse a client that uses two places at once.
import { expect, it } from 'vitest';
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { askWhoami, run, sharedHome } from './command.ts';

const open = opened();
const AT_ONCE = { pending: 1, slowDown: 0, outcome: 'approve', interval: 1, expiresIn: 600 } as const;

async function protectedServer(given: AuthorizationServerOptions) {
  const as = await open(startAuthorizationServer(given));
  const server = await open(startProtectedServer({ authorizationServer: as }));
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  return { as, server, browser, options: { home, env: { BROWSER: browser.command } } };
}

const BOTH = ['client_secret_post', 'client_secret_basic'];
const ADVERTISED = [BOTH, ['client_secret_post'], ['client_secret_basic'], undefined];
const READ = ['body', 'header'] as const;
const KINDS = ADVERTISED.flatMap((authMethods) => READ.map((readsClientIn) => ({ authMethods, readsClientIn })));
const REGISTERED = KINDS.flatMap((kind) =>
  (['secret', 'contrary'] as const).map((registration) => ({ ...kind, registration })),
);

/** The statuses of the requests to the token endpoint for a grant, of which each shows the client in one place. */
function statuses(as: AuthorizationServer, kind: 'token' | 'revoke' | 'device', grant?: string): number[] {
  const asked = as.of(kind).filter(({ form }) => grant === undefined || form.get('grant_type') === grant);
  for (const { headers, form } of asked) {
    const places = [headers.authorization !== undefined, form.has('client_id') || form.has('client_secret')];
    expect(places.filter(Boolean)).toHaveLength(1);
  }
  return asked.map(({ status }) => status);
}

/** Whatever came before, the last attempt worked, and nothing was tried twice. */
const WORKED = /^(401,)?200$/;

it.each(REGISTERED)(
  'code flow, refresh and revocation: $authMethods advertised, $readsClientIn read, registration: $registration',
  async (kind) => {
    const { as, server, browser, options } = await protectedServer(kind);
    expect(await askWhoami(server.url, [], options)).toBe('ada');
    expect(statuses(as, 'token', 'authorization_code').join()).toMatch(WORKED);
    // The next start, and the process that refreshes, know what worked.
    for (let time = 1; time <= 2; time++) {
      as.expireAccessTokens();
      expect(await askWhoami(server.url, [], options)).toBe('ada');
    }
    expect(statuses(as, 'token', 'refresh_token')).toEqual([200, 200]);
    expect(await run('logout', [server.url], options)).toMatchObject({ code: 0, err: '' });
    expect(statuses(as, 'revoke')).toEqual([200, 200]);
    expect(browser.opened).toHaveLength(1);
    expect(as.count('register')).toBe(1);
  },
);

it.each(KINDS)('device code and refresh: $authMethods advertised, $readsClientIn read', async (kind) => {
  const { as, server, options } = await protectedServer({ ...kind, registration: 'secret', device: AT_ONCE });
  expect((await run('login', [server.url, '--device-code'], options)).code).toBe(0);
  expect(statuses(as, 'device').join()).toMatch(WORKED);
  expect(statuses(as, 'token')).toEqual([400, 200]);
  as.expireAccessTokens();
  expect(await askWhoami(server.url, ['--device-code'], options)).toBe('ada');
  expect(statuses(as, 'token', 'refresh_token')).toEqual([200]);
  expect(await run('logout', [server.url], options)).toMatchObject({ code: 0, err: '' });
  expect(statuses(as, 'revoke')).toEqual([200, 200]);
});

const GIVEN = { client_id: 'machine', client_secret: 'a:b c%d&é-secret' };
const STATED = [undefined, 'client_secret_basic', 'client_secret_post'];
const GIVEN_KINDS = KINDS.flatMap((kind) => STATED.map((stated) => ({ ...kind, stated })));

it.each(GIVEN_KINDS)(
  'client credentials: $authMethods advertised, $readsClientIn read, $stated stated by the user',
  async ({ stated, ...kind }) => {
    const { as, server, options } = await protectedServer({ ...kind, clients: [GIVEN] });
    const info = { ...GIVEN, ...(stated !== undefined && { token_endpoint_auth_method: stated }) };
    const args = ['--client-credentials', '--static-oauth-client-info', JSON.stringify(info)];
    expect(await askWhoami(server.url, args, options)).toBe(GIVEN.client_id);
    const first = statuses(as, 'token');
    expect(first.join()).toMatch(WORKED);
    as.expireAccessTokens();
    expect(await askWhoami(server.url, args, options)).toBe(GIVEN.client_id);
    expect(statuses(as, 'token')).toEqual([...first, 200]);
    expect(await run('logout', [server.url, ...args], options)).toMatchObject({ code: 0, err: '' });
    expect(statuses(as, 'revoke')).toEqual([200]);
  },
);

it('works with a server that refuses in the words of the Python SDK', async () => {
  const { as, server, options } = await protectedServer({
    authMethods: BOTH,
    readsClientIn: 'body',
    registration: 'contrary',
    unknownClient: 'unauthorized_client',
  });
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(statuses(as, 'token')).toEqual([401, 200]);
});

it('works with a server that does not know the client, and does not say so', async () => {
  const { as, server, options } = await protectedServer({
    authMethods: ['client_secret_basic'],
    readsClientIn: 'body',
    registration: 'asked',
    tokenAnswer: ({ form }) =>
      form.has('client_id') ? undefined : { status: 400, body: { error: 'invalid_request' } },
  });
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(statuses(as, 'token')).toEqual([400, 200]);
});

it('works with a server that requires a secret for a revocation, and issued none', async () => {
  const { as, server, options } = await protectedServer({
    revocation: ({ form }) => {
      if (form.has('client_secret')) return undefined;
      const error_description = 'client_secret: Field required';
      return { status: 400, body: { error: 'invalid_request', error_description } };
    },
  });
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(await run('logout', [server.url], options)).toMatchObject({ code: 0, err: '' });
  expect(statuses(as, 'revoke')).toEqual([400, 200, 200]);
});

it('a client with a key does not fall back to a secret when the key is refused', async () => {
  const { as, server, options } = await protectedServer({});
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
  const info = JSON.stringify({ client_id: 'nobody', private_key: key });
  const { code } = await run(
    'login',
    [server.url, '--client-credentials', '--static-oauth-client-info', info],
    options,
  );
  expect(code).toBe(1);
  const shown = as.of('token').map(({ headers, form }) => [form.has('client_assertion'), headers.authorization]);
  expect(new Set(shown.map((one) => JSON.stringify(one)))).toEqual(new Set(['[true,null]']));
});

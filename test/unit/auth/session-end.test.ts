// The request that ends a session comes last, when the sign-in is over already. A refresh for it must outlive the proxy.
import { expect, it } from 'vitest';
import { Auth } from '../../../src/auth/fetch.ts';
import type { RefreshElsewhere } from '../../../src/auth/refresh-process.ts';
import { type Credentials, credentialsName } from '../../../src/auth/vault/credentials.ts';
import { HTTP_SERVER_DEFAULTS } from '../../../src/config.ts';
import type { HttpRequest, HttpResponse, Purpose } from '../../../src/core/fetch.ts';
import { memoryLocks } from '../../../src/state/memory/locks.ts';
import { memoryStore } from '../../../src/state/memory/secrets.ts';

// IP addresses on the internet, so that nothing has to be looked up.
const SERVER = new URL('https://198.51.100.3/mcp');
const ISSUER = 'https://198.51.100.4';
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const credentials = (serial: number, accessToken: string): Credentials => ({
  version: 1,
  serial,
  url: SERVER.href,
  issuer: { issuer: ISSUER, token_endpoint: `${ISSUER}/token` },
  client: { source: 'registered', clientId: 'c', authMethod: 'none' },
  tokens: { accessToken, refreshToken: 'r', obtainedAt: 0, bearer: 'access_token' },
});

function response(status: number, document?: object): HttpResponse {
  const bytes = Buffer.from(document ? JSON.stringify(document) : '');
  const headers =
    status === 401 ? { 'www-authenticate': 'Bearer error="invalid_token"' } : { 'content-type': 'application/json' };
  return { status, headers, body: { each: async (sink) => sink(bytes), bytes: async () => bytes, destroy: () => {} } };
}

/** A sign-in whose token the server has accepted, and then no longer accepts. */
async function withExpiredToken(isElsewhere: boolean) {
  const store = memoryStore();
  const name = credentialsName(SERVER, undefined, undefined);
  await store.write(name, JSON.stringify(credentials(1, 'token-1')));
  const refreshElsewhere: RefreshElsewhere = async (serial) => {
    await store.write(name, JSON.stringify(credentials(serial + 1, `token-${serial + 1}`)));
    return true;
  };
  let accepted = isElsewhere ? 'token-2' : 'token-1';
  const sent: HttpRequest[] = [];
  const auth = new Auth({
    server: SERVER,
    config: HTTP_SERVER_DEFAULTS.auth,
    fetch: async (one) => {
      sent.push(one);
      if (one.url.href === `${ISSUER}/token`) {
        return response(200, { access_token: accepted, token_type: 'Bearer', refresh_token: 's' });
      }
      return response(one.headers.authorization === `Bearer ${accepted}` ? 200 : 401);
    },
    store,
    locks: memoryLocks(),
    folder: undefined,
    env: {},
    log,
    redact: String,
    ...(isElsewhere && { refreshElsewhere }),
  });
  const ask = (what: Purpose): Promise<HttpResponse> =>
    auth.fetch({ purpose: what, method: 'DELETE', url: SERVER, headers: {}, inSession: true, repeatable: true });
  // A request before the end, as every session has.
  expect(await ask('probe')).toMatchObject({ status: 200 });
  const expire = (next: string): void => {
    accepted = next;
    sent.length = 0;
  };
  expire('token-3');
  const outcomeOf = (purpose: Purpose): Promise<number | string> =>
    ask(purpose).then(
      ({ status }) => status,
      (error: Error) => error.message,
    );
  return { auth, expire, outcomeOf, sent: () => sent.map(({ url, headers }) => `${url} ${headers.authorization}`) };
}

/** A request that is sent when the sign-in is over. */
async function afterTheEnd(purpose: Purpose, isElsewhere: boolean) {
  const { auth, outcomeOf, sent } = await withExpiredToken(isElsewhere);
  await auth.close();
  return { outcome: await outcomeOf(purpose), sent: sent() };
}

it('ends the session with a refreshed token, where another process refreshes it', async () => {
  const { outcome, sent } = await afterTheEnd('end', true);
  expect(outcome).toBe(200);
  expect(sent).toEqual([`${SERVER} Bearer token-2`, `${SERVER} Bearer token-3`]);
});

it('leaves the session to the server, where a refresh could be cut off with the proxy', async () => {
  expect(await afterTheEnd('end', false)).toEqual({ outcome: 401, sent: [`${SERVER} Bearer token-1`] });
});

it('does nothing more for other requests', async () => {
  const { outcome, sent } = await afterTheEnd('call', true);
  expect([outcome, sent]).toEqual([expect.stringContaining('the proxy ended'), [`${SERVER} Bearer token-2`]]);
});

it('refreshes the token itself until the proxy ends, and a call at that time asks no user', async () => {
  const { auth, expire, outcomeOf, sent } = await withExpiredToken(false);
  expect(await Promise.all([outcomeOf('end'), outcomeOf('call')])).toEqual([200, 200]);
  expect(sent()).toEqual([
    ...Array(2).fill(`${SERVER} Bearer token-1`),
    `${ISSUER}/token undefined`,
    ...Array(2).fill(`${SERVER} Bearer token-3`),
  ]);
  await auth.close();
  expire('token-4');
  expect([await outcomeOf('end'), sent()]).toEqual([401, [`${SERVER} Bearer token-3`]]);
});

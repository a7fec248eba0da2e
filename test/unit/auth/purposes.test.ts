// What a 401 leads to depends on the purpose of the request.
import { describe, expect, it } from 'vitest';
import { Auth } from '../../../src/auth/fetch.ts';
import { HTTP_SERVER_DEFAULTS } from '../../../src/config.ts';
import type { HttpRequest, HttpResponse, Purpose } from '../../../src/core/fetch.ts';
import { memoryLocks } from '../../../src/state/memory/locks.ts';
import { memoryStore } from '../../../src/state/memory/secrets.ts';

// An IP address on the internet, so that nothing has to be looked up.
const SERVER = new URL('https://198.51.100.3/mcp');
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function response(status: number): HttpResponse {
  const bytes = Buffer.alloc(0);
  return { status, headers: {}, body: { each: async () => {}, bytes: async () => bytes, destroy: () => {} } };
}

/**
 * Sends one request to a server that requires a sign-in without saying where; returns the outcome, and the other
 * requests.
 */
async function refused(request: Partial<HttpRequest> & { purpose: Purpose }) {
  const sent: HttpRequest[] = [];
  const auth = new Auth({
    server: SERVER,
    config: HTTP_SERVER_DEFAULTS.auth,
    fetch: async (one) => {
      sent.push(one);
      return response(one.url === SERVER ? 401 : 404);
    },
    store: memoryStore(),
    locks: memoryLocks(),
    folder: undefined,
    env: {},
    log,
    redact: String,
  });
  const outcome = await auth
    .fetch({ method: 'POST', url: SERVER, headers: {}, repeatable: true, ...request })
    .catch((error: unknown) => error);
  await auth.close();
  return { outcome, others: sent.filter(({ url }) => url !== SERVER) };
}

describe('a request that needs a sign-in', () => {
  it.each(['call', 'connect'] as const)('and is a %s begins one', async (purpose) => {
    const { outcome, others } = await refused({ purpose });
    expect(outcome).toMatchObject({ name: 'ProxyError', code: 'no-sign-in' });
    expect(others.length).toBeGreaterThan(0);
    expect(new Set(others.map((one) => one.purpose))).toEqual(new Set(['sign-in']));
  });

  it('and asks what the server speaks begins none, but is told why it fails', async () => {
    const { outcome, others } = await refused({ purpose: 'discover' });
    expect(outcome).toMatchObject({ name: 'ProxyError', code: 'sign-in-needed', data: { httpStatus: 401 } });
    expect(others).toEqual([]);
  });

  it.each(['notification', 'stream', 'end', 'probe'] as const)('and is a %s gets the refusal', async (purpose) => {
    const { outcome, others } = await refused({ purpose });
    expect(outcome).toMatchObject({ status: 401 });
    expect(others).toEqual([]);
  });

  it('but names a session gets the refusal of that session', async () => {
    const { outcome, others } = await refused({ purpose: 'call', inSession: true });
    expect(outcome).toMatchObject({ status: 401 });
    expect(others).toEqual([]);
  });

  it('is not judged by the names of its headers', async () => {
    const headers = { 'mcp-method': 'x', 'mcp-session-id': 'x' };
    expect((await refused({ purpose: 'probe', headers })).outcome).toMatchObject({ status: 401 });
    expect((await refused({ purpose: 'call', headers })).others.length).toBeGreaterThan(0);
  });
});

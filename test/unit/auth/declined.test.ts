// A sign-in that its user has declined is over for everybody who sees that nobody signs in any more.
import { expect, it } from 'vitest';
import { Auth } from '../../../src/auth/fetch.ts';
import { HTTP_SERVER_DEFAULTS } from '../../../src/config.ts';
import type { HttpRequest, HttpResponse } from '../../../src/core/fetch.ts';
import type { Lock, Locks } from '../../../src/core/ports.ts';
import { memoryLocks } from '../../../src/state/memory/locks.ts';
import { memoryStore } from '../../../src/state/memory/secrets.ts';
import { ISSUER, MCP, USUAL } from './document-world.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function answer(status: number, document: object): HttpResponse {
  const bytes = Buffer.from(JSON.stringify(document));
  const headers = { 'content-type': 'application/json' };
  return { status, headers, body: { each: async (sink) => sink(bytes), bytes: async () => bytes, destroy: () => {} } };
}

/** Locks on a slow disk: what else there is to do is done before one is free. */
function slowLocks(): Locks {
  const locks = memoryLocks();
  return (name): Lock => {
    const lock = locks(name);
    return {
      tryAcquire: () => lock.tryAcquire(),
      held: () => lock.held(),
      async release() {
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
        await lock.release();
      },
    };
  };
}

it('a request that comes right after begins a new one, and does not get the old refusal', async () => {
  let asked = 0;
  const respond = ({ url: { href } }: HttpRequest): HttpResponse => {
    if (href === MCP) return answer(401, {});
    if (href === `${ISSUER}/token`) return answer(400, { error: 'access_denied' });
    if (href === `${ISSUER}/register`) return answer(201, USUAL.registration);
    if (href.includes('oauth-protected-resource')) return answer(200, USUAL.resource);
    if (href.includes('oauth-authorization-server')) return answer(200, USUAL.issuer);
    if (href !== `${ISSUER}/device`) return answer(404, {});
    asked++;
    return answer(200, USUAL.device);
  };
  const server = new URL(MCP);
  const auth = new Auth({
    server,
    config: { ...HTTP_SERVER_DEFAULTS.auth, grant: 'device-code' },
    fetch: async (request) => respond(request),
    store: memoryStore(),
    locks: slowLocks(),
    folder: undefined,
    env: {},
    log,
    redact: String,
  });
  const call = (): Promise<unknown> =>
    auth
      .fetch({ method: 'POST', url: server, headers: {}, purpose: 'call', repeatable: true })
      .catch((error: unknown) => error);
  const free = new Promise<void>((resolve) => {
    let begun = false;
    auth.state.watch(() => {
      begun ||= auth.state.pending !== undefined;
      if (begun && auth.state.pending === undefined) resolve();
    });
  });
  const first = call();
  await free;
  const outcomes = await Promise.all([first, call()]);
  expect(outcomes).toMatchObject([{ code: 'unauthorized' }, { code: 'unauthorized' }]);
  expect(asked).toBe(2);
  await auth.close();
});

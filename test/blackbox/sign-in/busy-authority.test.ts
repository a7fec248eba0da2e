// Documents and registrations that a busy server does not give at the moment: they are there, so nothing is guessed.
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../peers/oauth/document-answer.ts';
import { challenges } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { run } from './command.ts';
import { type SignInFixture, type SignInFixtureOptions, startSignInFixture } from './fixture.ts';

const open = opened();

const answer = (status: number, retryAfter?: number): Answer => ({
  status,
  body: 'busy',
  ...(retryAfter !== undefined && { headers: { 'retry-after': String(retryAfter) } }),
});

/** The documents that lead to the sign-in: where they are, and how to answer in their place. */
const DOCUMENTS = {
  'of the resource': {
    path: '/.well-known/oauth-protected-resource/mcp',
    put: ({ server }: SignInFixture, place: Answer | 'document') => {
      server.behaviour.inserted = place;
    },
    asked: async ({ server }: SignInFixture) =>
      server.waitFor(1, ({ path }) => path === '/.well-known/oauth-protected-resource/mcp'),
  },
  'of the authorization server': {
    path: '/.well-known/oauth-authorization-server',
    put: ({ as }: SignInFixture, place: Answer | 'document') => {
      as.behaviour.oauthMetadata = place;
    },
    asked: async ({ as }: SignInFixture) => as.waitFor('metadata', 1),
  },
} as const;

const AS_ASKED: SignInFixtureOptions[] = [
  { server: { challenge: challenges.full } },
  // Where nothing else was found, the origin would be taken for the authorization server.
  { server: { challenge: challenges.bare }, sameHost: true },
];

describe.each(Object.entries(DOCUMENTS))('the metadata %s', (_, { path, put, asked }) => {
  it.each([
    ['503 with Retry-After', answer(503, 1)],
    ['429', answer(429)],
    ['502', answer(502)],
  ])('are asked for once more after %s', async (_, busy) => {
    const fixture = await open(startSignInFixture());
    put(fixture, busy);
    const signedIn = fixture.signedIn();
    await asked(fixture);
    put(fixture, 'document');
    expect(await (await signedIn).whoami()).toBe('ada');
    expect(fixture.browser.opened).toHaveLength(1);
  });

  it.each(AS_ASKED)('that stay away are an error that says so, and nothing is registered elsewhere', async (given) => {
    const fixture = await open(startSignInFixture(given));
    put(fixture, answer(503, 120));
    const { proxy, code, message, hint } = await fixture.refused();
    expect([code, message, hint]).toEqual([
      -31004,
      expect.stringMatching(
        new RegExp(`cannot begin: the metadata at http:\\S+${path} cannot be read now \\(HTTP 503\\) `),
      ),
      'the server is busy: try again in 120 s',
    ]);
    const requests = fixture.as.requests.length + fixture.server.metadataRequests.length;
    const again = await proxy.rpc.exchange('tools/call', { name: 'whoami', arguments: {} });
    expect(again.message.error?.data).toMatchObject({ retryAfter: 120, httpStatus: 503 });
    expect(fixture.as.requests.length + fixture.server.metadataRequests.length).toBe(requests);
    expect(fixture.as.count('register')).toBe(0);
    expect(fixture.browser.opened).toEqual([]);
  });
});

it('a resource whose metadata fail is not taken for one without any', async () => {
  const fixture = await open(
    startSignInFixture({ server: { inserted: 500 }, sameHost: true, as: { oauthMetadata: 404 } }),
  );
  const { message, hint } = await fixture.refused();
  expect(message).toMatch(/the metadata at \S+\/oauth-protected-resource\/mcp cannot be read now \(HTTP 500\) /);
  expect(hint).toContain('--header');
  expect(fixture.as.count('register')).toBe(0);
});

it('a resource whose metadata fail may be one of 2025-03-26 that answers so for every path', async () => {
  const fixture = await open(startSignInFixture({ server: { inserted: 500, root: 500 }, sameHost: true }));
  expect(await (await fixture.signedIn()).whoami()).toBe('ada');
});

it('an open server that fails at every other path asks for no sign-in', async () => {
  const { server, home } = await open(startSignInFixture({ server: { open: () => true, inserted: 500, root: 500 } }));
  const { code, out } = await run('login', [server.url], { home });
  expect({ code, out }).toEqual({ code: 0, out: [expect.stringContaining('does not ask for a sign-in')] });
});

describe('a registration that is refused for now', () => {
  it.each([
    ['429', answer(429, 600)],
    ['503', answer(503, 600)],
    ['429 in JSON', { ...answer(429, 600), body: { error: 'too_many_requests' } }],
  ])('with %s comes after the time that the server asks for', async (_, registration) => {
    const fixture = await open(startSignInFixture({ as: { registration } }));
    const { proxy, code, message, hint } = await fixture.refused();
    expect([code, message, hint]).toEqual([
      -31004,
      expect.stringContaining('refuses to register a client'),
      'try again in 600 s',
    ]);
    const registered = fixture.as.count('register');
    const again = await proxy.rpc.exchange('tools/call', { name: 'whoami', arguments: {} });
    expect(again.message.error?.data).toMatchObject({ retryAfter: 600 });
    expect(fixture.as.count('register')).toBe(registered);
  });

  it('waits for an hour at most', async () => {
    const fixture = await open(startSignInFixture({ as: { registration: answer(503, 86_400) } }));
    expect((await fixture.refused()).hint).toBe('try again in 3600 s');
  });
});

// From a 401 to the authorization server, wherever its metadata is, and whatever the other places answer.
import { describe, expect, it } from 'vitest';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import type { AuthorizationServerBehaviour } from '../../peers/oauth/behaviour.ts';
import type { DocumentAnswer } from '../../peers/oauth/document-answer.ts';
import { challenges } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { startSignInFixture } from './fixture.ts';

const open = opened();

/** Answers of a place that has no document, or none of this issuer. */
const ANSWERS: Record<string, DocumentAnswer> = {
  404: 404,
  401: 401,
  403: 403,
  500: 500,
  'HTML under 200': 'html',
  'the document of another issuer': {
    members: {
      issuer: 'https://other.example',
      authorization_endpoint: 'https://other.example/authorize',
      token_endpoint: 'https://other.example/token',
      registration_endpoint: 'https://other.example/register',
    },
  },
  'JSON that is no object': { status: 200, body: [] },
  'an empty answer': { status: 204 },
};

type Places = Pick<
  AuthorizationServerBehaviour,
  'oauthMetadata' | 'openidInserted' | 'openidAppended' | 'rootMetadata'
>;

const everywhere = (place: DocumentAnswer): Places => ({
  oauthMetadata: place,
  openidInserted: place,
  openidAppended: place,
  rootMetadata: place,
});

/** Names for the places where the metadata of an issuer with a path may be. */
const PLACES = {
  'OAuth, inserted': 'oauthMetadata',
  'OpenID, inserted': 'openidInserted',
  'OpenID, appended': 'openidAppended',
  root: 'rootMetadata',
} as const satisfies Record<string, keyof Places>;

const HOSTS = [
  ['the same host', true],
  ['another host', false],
] as const;

describe.each(HOSTS)('an issuer with a path on %s', (_, sameHost) => {
  describe.each(Object.entries(PLACES))('found at: %s', (_, place) => {
    it.each(Object.entries(ANSWERS))('all others answer %s', async (_, answer) => {
      const places = { ...everywhere(answer), [place]: 'document' };
      const fixture = await open(startSignInFixture({ as: { issuerPath: '/tenant', ...places }, sameHost }));
      const user = await fixture.signedIn();
      expect(await user.whoami()).toBe('ada');
      expect(fixture.browser.opened.map((url) => url.split('?')[0])).toEqual([`${fixture.as.issuer}/authorize`]);
    });
  });

  it.each(Object.entries(ANSWERS))('is refused where all places answer %s', async (_, answer) => {
    const fixture = await open(startSignInFixture({ as: { issuerPath: '/tenant', ...everywhere(answer) }, sameHost }));
    const { code, message } = await fixture.refused();
    const says =
      typeof answer === 'object' && 'members' in answer ? 'another issuer, "https://other.example"' : 'no metadata';
    expect([code, message]).toEqual([-31004, expect.stringContaining(says)]);
    expect(fixture.browser.opened).toEqual([]);
    expect(fixture.as.count('register')).toBe(0);
  });
});

describe.each(HOSTS)('an issuer without a path on %s', (_, sameHost) => {
  it.each(Object.entries(ANSWERS))('with OpenID metadata, where OAuth metadata answer %s', async (_, answer) => {
    const as = { ...everywhere(answer), openidInserted: 'document', openidAppended: 'document' } as const;
    const fixture = await open(startSignInFixture({ as, sameHost }));
    expect(await (await fixture.signedIn()).whoami()).toBe('ada');
  });
});

describe('an issuer that is spelled in two ways is refused without alarm', () => {
  it.each([
    ['a slash at the end', (issuer: string) => `${issuer}/`],
    ['the case of the host', (issuer: string) => issuer.replace('http://', 'HTTP://')],
  ])('by %s', async (_, spelled) => {
    const fixture = await open(startSignInFixture({ as: { issuerPath: '/tenant' } }));
    const members = { issuer: spelled(fixture.as.issuer) };
    Object.assign(fixture.as.behaviour, everywhere({ members }));
    const { code, message, hint } = await fixture.refused();
    expect([code, message]).toEqual([-31004, expect.stringContaining(`but its metadata "${members.issuer}"`)]);
    expect(hint).toContain('to the last slash');
    expect(`${message} ${hint}`).not.toContain('somebody');
    expect(fixture.browser.opened).toEqual([]);
  });
});

describe('the metadata of the resource', () => {
  const wrong = { members: { resource: 'https://other.example/mcp' } };
  const answers = Object.entries({
    ...ANSWERS,
    'the document of another issuer': wrong,
    'no issuers': { members: { authorization_servers: [] } },
  });

  it.each(answers)('are found at the root, where the inserted place answers %s', async (_, inserted) => {
    const fixture = await open(
      startSignInFixture({ server: { challenge: challenges.bare, inserted, root: 'document' } }),
    );
    expect(await (await fixture.signedIn()).whoami()).toBe('ada');
  });

  it.each(answers)('are found at the inserted place, and the root, answering %s, is not asked', async (_, root) => {
    const fixture = await open(startSignInFixture({ server: { challenge: challenges.bare, root } }));
    expect(await (await fixture.signedIn()).whoami()).toBe('ada');
    expect(fixture.server.metadataRequests.map(({ path }) => path)).toEqual([
      '/.well-known/oauth-protected-resource/mcp',
    ]);
  });

  it.each(Object.entries(challenges))('are found by the challenge: %s', async (_, challenge) => {
    const fixture = await open(startSignInFixture({ server: { challenge } }));
    expect(await (await fixture.signedIn()).whoami()).toBe('ada');
    expect(fixture.server.metadataRequests).toHaveLength(1);
  });

  it('may be where only the challenge says', async () => {
    const fixture = await open(startSignInFixture({ server: { inserted: 404, root: 'document' } }));
    const place = `${fixture.server.origin}/.well-known/oauth-protected-resource`;
    fixture.server.behaviour.challenge = () => `Bearer realm="x", resource_metadata=${place}`;
    expect(await (await fixture.signedIn()).whoami()).toBe('ada');
    expect(fixture.server.metadataRequests.map(({ path }) => path)).toEqual(['/.well-known/oauth-protected-resource']);
  });

  it('may name authorization servers that are gone, before one that is not', async () => {
    const fixture = await open(startSignInFixture());
    const gone = await open(startAuthorizationServer({ oauthMetadata: 404 }));
    fixture.server.behaviour.metadata = { authorization_servers: [gone.issuer, 'no URL', 7, fixture.as.issuer] };
    expect(await (await fixture.signedIn()).whoami()).toBe('ada');
    expect(gone.count('register')).toBe(0);
  });
});

describe('a server without metadata, as revision 2025-03-26 has them', () => {
  const none = { challenge: challenges.bare, inserted: 404 } as const;

  it('has its authorization server at its origin', async () => {
    const fixture = await open(startSignInFixture({ server: none, sameHost: true }));
    const user = await fixture.signedIn();
    expect(await user.whoami()).toBe('ada');
    expect(user.requests.authorize.get('resource')).toBe(fixture.server.url);
  });

  it('has it at the default paths, when nothing says otherwise', async () => {
    const fixture = await open(startSignInFixture({ server: none, as: everywhere(404), sameHost: true }));
    expect(await (await fixture.signedIn()).whoami()).toBe('ada');
    expect(fixture.browser.opened.map((url) => url.split('?')[0])).toEqual([`${fixture.server.origin}/authorize`]);
  });

  it('is told from one that has no sign-in at all', async () => {
    const fixture = await open(startSignInFixture({ server: none }));
    const { code, message, hint } = await fixture.refused();
    expect([code, message, hint]).toEqual([
      -31004,
      expect.stringContaining('it does not say how to sign in'),
      expect.stringContaining('--header'),
    ]);
    expect(fixture.browser.opened).toEqual([]);
  });
});

it('asks an open server for nothing but what the client asks', async () => {
  const fixture = await open(startSignInFixture({ server: { open: () => true } }));
  const user = await fixture.signedIn();
  expect(await user.whoami()).toBe('nobody');
  await user.proxy.close();
  expect(fixture.server.metadataRequests).toEqual([]);
  expect(fixture.as.requests).toEqual([]);
});

describe('a server that moves to another authorization server', () => {
  it('gets a new registration there, and no token of the old one', async () => {
    const fixture = await open(startSignInFixture());
    const first = await fixture.signedIn([], fixture.home);
    await first.proxy.close();
    const next = await open(startAuthorizationServer({ subject: 'grace' }));
    fixture.server.behaviour.authorizationServer = next;
    fixture.as.revokeEverything();
    const second = await fixture.signedIn([], fixture.home);
    expect(await second.whoami()).toBe('grace');
    expect([fixture.as.count('register'), next.count('register')]).toEqual([1, 1]);
    const clientId = new URL(fixture.browser.opened[1] ?? '').searchParams.get('client_id');
    expect(next.clients.has(clientId ?? '')).toBe(true);
    const old = [...fixture.as.tokens.keys()];
    const sent = next.requests.map(({ headers, form }) => `${headers.authorization} ${form}`);
    for (const token of old) expect(sent.join('\n')).not.toContain(token);
  });

  it('is followed there while the old one still gives tokens', async () => {
    const fixture = await open(startSignInFixture());
    const user = await fixture.signedIn();
    const next = await open(startAuthorizationServer({ subject: 'grace' }));
    fixture.server.behaviour.authorizationServer = next;
    expect(await user.whoami()).toBe('grace');
    expect([fixture.as.count('register'), next.count('register')]).toEqual([1, 1]);
    expect(fixture.browser.opened).toHaveLength(2);
  });

  it('does not take a client along that the user registered at the old one', async () => {
    const client = { client_id: 'known' };
    const fixture = await open(startSignInFixture({ as: { clients: [client] } }));
    const args = ['--static-oauth-client-info', JSON.stringify(client)];
    const { proxy, whoami } = await fixture.signedIn(args);
    const next = await open(startAuthorizationServer({ clients: [client] }));
    fixture.server.behaviour.authorizationServer = next;
    fixture.as.revokeEverything();
    await expect(whoami()).rejects.toThrow(/belongs to .*but the server now names/);
    expect(fixture.browser.opened).toHaveLength(1);
    expect(next.of('authorize')).toEqual([]);
    await proxy.close();
  });
});

describe('members that nobody needs', () => {
  const OPTIONAL = [
    'revocation_endpoint',
    'device_authorization_endpoint',
    'scopes_supported',
    'token_endpoint_auth_methods_supported',
    'token_endpoint_auth_signing_alg_values_supported',
    'code_challenge_methods_supported',
    'authorization_response_iss_parameter_supported',
    'client_id_metadata_document_supported',
  ];
  const ANSWERED = ['client_secret', 'token_endpoint_auth_method', 'client_secret_expires_at', 'scope', 'error'];
  const GRANTED = ['expires_in', 'scope', 'id_token', 'token_type', 'error', 'error_description'];
  const laid = (names: string[], value: unknown): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, value]));

  it.each([[null], [''], [{}], [[7]]])('may all be %j', async (value) => {
    const metadata = laid(OPTIONAL, value);
    const fixture = await open(
      startSignInFixture({
        as: {
          metadata,
          registrationMembers: laid(ANSWERED, value),
          tokenResponse: (issued) => ({ status: 200, body: { ...issued, ...laid(GRANTED, value) } }),
        },
        server: { metadata: laid(['scopes_supported', 'resource_name', 'jwks_uri'], value) },
      }),
    );
    const user = await fixture.signedIn();
    fixture.as.expireAccessTokens();
    expect(await user.whoami()).toBe('ada');
    expect(fixture.as.tokenRequests('refresh_token').map(({ status }) => status)).toEqual([200]);
    expect(fixture.browser.opened).toHaveLength(1);
  });

  it('end the step that needs one, with a line that says which', async () => {
    const fixture = await open(startSignInFixture({ as: { metadata: { registration_endpoint: '/register' } } }));
    const { code, message, hint } = await fixture.refused();
    const place = `${fixture.as.url}/.well-known/oauth-authorization-server`;
    expect([code, message, hint]).toEqual([
      -31004,
      expect.stringContaining(
        `the authorization server metadata at ${place} has no usable registration_endpoint (found "/register")`,
      ),
      expect.stringContaining('--static-oauth-client-info'),
    ]);
    expect(fixture.browser.opened).toEqual([]);
  });
});

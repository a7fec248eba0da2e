// A protected server and its authorization server, which consist of the documents that they answer with, and a whole
// sign-in with them. The test sees every request at the interface to the HTTP client.
import type { Challenge } from '../../../src/auth/challenge.ts';
import { asProxyError } from '../../../src/auth/failures.ts';
import { register } from '../../../src/auth/oauth/client-registration.ts';
import { authorizationUrl, newSecrets, redeem } from '../../../src/auth/oauth/code-flow.ts';
import { discover } from '../../../src/auth/oauth/discover.ts';
import type { FetchContext } from '../../../src/auth/oauth/library.ts';
import { revoke } from '../../../src/auth/oauth/revocation.ts';
import { refreshStored } from '../../../src/auth/refresh.ts';
import { signIn } from '../../../src/auth/sign-in/sign-in.ts';
import type { Credentials } from '../../../src/auth/vault/credentials.ts';
import { Vault } from '../../../src/auth/vault/vault.ts';
import { type AuthConfig, HTTP_SERVER_DEFAULTS } from '../../../src/config.ts';
import { Cancellation } from '../../../src/core/cancel.ts';
import type { HttpRequest, HttpResponse } from '../../../src/core/fetch.ts';
import { SignInState } from '../../../src/core/sign-in.ts';
import { memoryLocks } from '../../../src/state/memory/locks.ts';
import { memoryStore } from '../../../src/state/memory/secrets.ts';

// IP addresses on the internet, so that nothing has to be looked up.
export const MCP = 'https://198.51.100.3/mcp';
export const ISSUER = 'https://198.51.100.4';
const REDIRECT = 'http://localhost:1/callback';

/** An answer by the name of the document that it is. */
export interface Documents {
  resource: object;
  issuer: object;
  registration: object;
  token: object;
  device: object;
  revocation: object;
}

export type DocumentName = keyof Documents;

export const USUAL: Documents = {
  resource: { resource: MCP, authorization_servers: [ISSUER] },
  issuer: {
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}/authorize`,
    token_endpoint: `${ISSUER}/token`,
    registration_endpoint: `${ISSUER}/register`,
    revocation_endpoint: `${ISSUER}/revoke`,
    device_authorization_endpoint: `${ISSUER}/device`,
  },
  registration: { client_id: 'client' },
  token: { access_token: 'access', token_type: 'Bearer', refresh_token: 'refresh' },
  device: { device_code: 'device', user_code: 'BDWP-HQPK', verification_uri: `${ISSUER}/enter`, interval: 1 },
  revocation: {},
};

export interface World {
  /** What differs from `USUAL`. */
  readonly documents: Partial<Documents>;
  /** Statuses of answers; 200 unless given. */
  readonly statuses?: Partial<Record<DocumentName, number>>;
  /** Which of the two kinds of metadata the authorization server publishes. */
  readonly kind?: 'oauth-authorization-server' | 'openid-configuration';
}

function wireOf({ documents, statuses = {}, kind = 'oauth-authorization-server' }: World): FetchContext {
  const places = new Map<string, DocumentName>([
    [`${new URL(MCP).origin}/.well-known/oauth-protected-resource/mcp`, 'resource'],
    [`${ISSUER}/.well-known/${kind}`, 'issuer'],
    [`${ISSUER}/register`, 'registration'],
    [`${ISSUER}/token`, 'token'],
    [`${ISSUER}/device`, 'device'],
    [`${ISSUER}/revoke`, 'revocation'],
  ]);
  const fetch = async ({ url }: HttpRequest): Promise<HttpResponse> => {
    const name = places.get(url.href);
    if (!name) return response(404, 'not found');
    return response(statuses[name] ?? 200, JSON.stringify(documents[name] ?? USUAL[name]));
  };
  return { fetch, server: new URL(MCP), signal: new Cancellation() };
}

function response(status: number, text: string): HttpResponse {
  const bytes = Buffer.from(text);
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: { each: async (sink) => sink(bytes), bytes: async () => bytes, destroy: () => {} },
  };
}

const CHALLENGE: Challenge = { resourceMetadata: undefined, scope: undefined, error: undefined };
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface Walked {
  /** As they are stored after the sign-in. */
  readonly stored: Credentials;
  readonly renewed: boolean;
  readonly revoked: Awaited<ReturnType<typeof revoke>>;
}

/** Signs in, renews, signs out. Rejects with the error for the user. */
export async function walk(world: World, grant: 'browser' | 'device-code' = 'browser'): Promise<Walked> {
  const wire = wireOf(world);
  const config: AuthConfig = { ...HTTP_SERVER_DEFAULTS.auth, grant };
  const locks = memoryLocks();
  const vault = new Vault(memoryStore(), 'of-the-test', locks('work'), locks('write'));
  try {
    const stored = await (grant === 'browser' ? byCode(wire, config, vault) : byDevice(wire, config, vault));
    const renewed =
      stored.tokens?.refreshToken !== undefined && (await refreshStored({ wire, config, vault, log }, stored));
    return { stored, renewed: Boolean(renewed), revoked: await revoke(wire, config, (await vault.read()) ?? stored) };
  } catch (error) {
    throw asProxyError(error, wire.server, config);
  }
}

async function byCode(wire: FetchContext, config: AuthConfig, vault: Vault): Promise<Credentials> {
  const { issuer, resource } = await discover(wire, CHALLENGE, undefined);
  const client = await register(wire, config, issuer, REDIRECT, undefined);
  const wanted = { issuer, resource: resource.identifier, scope: undefined, clientIsKnown: false };
  const secrets = newSecrets();
  const { href: url } = await authorizationUrl(config, wanted, client, REDIRECT, secrets);
  const at = { port: 1, startedAt: 0, openedAt: 0 };
  const pending = { version: 1, url, ...secrets, ...at, redirectUri: REDIRECT, issuer, client } as const;
  const answer = new URLSearchParams({ code: 'code', state: secrets.state, iss: ISSUER });
  return vault.update({ url: MCP, issuer, ...(await redeem(wire, config, pending, answer)) });
}

function byDevice(wire: FetchContext, config: AuthConfig, vault: Vault): Promise<Credentials> {
  const context = { wire, config, env: {}, vault, state: new SignInState(), log, redact: String };
  return signIn(context, { challenge: CHALLENGE, stepUp: false }, undefined);
}

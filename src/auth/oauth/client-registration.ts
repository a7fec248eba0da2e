/**
 * The client that this program uses at an authorization server. In the specification's order: a client that the user
 * has registered, a client ID metadata document, or dynamic registration (specification 2026-07-28, "Client
 * Registration"; RFC 7591).
 */
import * as oauth from 'oauth4webapi';
import type { AuthConfig } from '../../config.ts';
import { showUrl } from '../../core/redact.ts';
import { parseUrl } from '../../core/url.ts';
import { ProxyError } from '../../errors.ts';
import type { ClientRecord, Credentials, Issuer } from '../vault/credentials.ts';
import { SECRET_METHODS } from './client-authentication.ts';
import { clientHint } from './client-hint.ts';
import { parseObject, strings, text, unusable } from './document-members.ts';
import { endpointOf } from './issuer-metadata.ts';
import {
  type FetchContext,
  isPlainLoopback,
  meaningOf,
  OAuthError,
  oauthErrorOf,
  optionsFor,
  refusalIn,
  retryAfterOf,
  shown,
  tryAgain,
} from './library.ts';
import { isSameIssuer, quirksOf } from './providers.ts';

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** The client that the user gave, checked against the issuer it was used with before. */
function staticClient(config: AuthConfig, issuer: Issuer, stored: Credentials | undefined): ClientRecord | undefined {
  const info = config.clientInfo;
  if (!info) return undefined;
  const clientId = String(info.client_id);
  const before = stored?.client?.source === 'static' && stored.client.clientId === clientId ? stored.issuer : undefined;
  const bound = typeof info.issuer === 'string' ? info.issuer : before?.issuer;
  if (bound !== undefined && !isSameIssuer(bound, issuer.issuer) && !isSameIssuer(issuer.issuer, bound)) {
    throw new ProxyError(
      'unauthorized',
      `the client of --static-oauth-client-info belongs to ${shown(bound)}, but the server now names ${shown(issuer.issuer)}`,
      { hint: 'register a client with the new one, or run mcp-proxy logout for this server if the change is right' },
    );
  }
  const clientSecret = typeof info.client_secret === 'string' ? info.client_secret : undefined;
  const redirectUri = redirectOf(info.redirect_uris);
  const stated = text(info.token_endpoint_auth_method) ?? keyMethodOf(info) ?? usualMethod(clientSecret, issuer);
  const authMethod = clientSecret === undefined && stated.startsWith('client_secret') ? 'none' : stated;
  const known = before && stored?.client;
  const isUnchanged = known?.clientSecret === clientSecret && known?.authMethod === authMethod;
  return {
    source: 'static',
    clientId,
    ...(clientSecret !== undefined && { clientSecret }),
    authMethod,
    ...(isUnchanged && known?.workingMethod !== undefined && { workingMethod: known.workingMethod }),
    ...(redirectUri !== undefined && { redirectUri }),
  };
}

/** The first redirect URI that leads straight to this machine; otherwise the first of all. */
function redirectOf(registered: unknown): string | undefined {
  const uris = strings(registered) ?? [];
  const leadsHere = (uri: string): boolean => {
    const url = parseUrl(uri);
    return url !== undefined && isPlainLoopback(url);
  };
  return uris.find(leadsHere) ?? uris[0];
}

/** A client that needs no registration: the user's own, or a metadata document that the server supports. */
export function givenClient(
  config: AuthConfig,
  issuer: Issuer,
  stored: Credentials | undefined,
): ClientRecord | undefined {
  const known = staticClient(config, issuer, stored);
  if (known) return known;
  if (config.clientMetadataUrl === undefined || issuer.client_id_metadata_document_supported !== true) return undefined;
  return { source: 'document', clientId: config.clientMetadataUrl, authMethod: 'none' };
}

/** Registers a new client. Rejects with a ProxyError that has a hint for the user if the server does not register clients. */
export async function register(
  wire: FetchContext,
  config: AuthConfig,
  issuer: Issuer,
  redirectUri: string,
  scope: string | undefined,
): Promise<ClientRecord> {
  const hint = clientHint(config, redirectUri);
  const endpoint = endpointOf(issuer, 'registration_endpoint', 'does not register clients automatically', hint);
  const others = config.clientMetadata.redirect_uris;
  const metadata = {
    client_name: 'mcp-proxy',
    grant_types: [config.grant === 'device-code' ? DEVICE_GRANT : 'authorization_code', 'refresh_token'],
    response_types: config.grant === 'device-code' ? [] : ['code'],
    token_endpoint_auth_method: methodToRegister(issuer),
    // Without it, OpenID providers take this program for a web site, which must not use loopback addresses.
    application_type: 'native',
    ...config.clientMetadata,
    // The user may list other redirect URIs, but this sign-in uses this one.
    redirect_uris: [...new Set([...(Array.isArray(others) ? others : []), redirectUri])],
  };
  const scoped = scope !== undefined && !quirksOf(issuer).registersWithoutScope && !('scope' in metadata);
  const ask = async (asked: Metadata): Promise<ClientRecord> => {
    const response = await oauth.dynamicClientRegistrationRequest(
      issuer as oauth.AuthorizationServer,
      asked as Partial<oauth.OmitSymbolProperties<oauth.Client>>,
      optionsFor(wire, endpoint),
    );
    return { ...(await registeredIn(response, asked, issuer, endpoint)), redirectUri };
  };
  try {
    return await ask(scoped ? { ...metadata, scope } : metadata);
  } catch (error) {
    const meant = meaningOf(error, endpoint);
    // Some servers accept scopes in a sign-in but not in a registration.
    const blamed = meant instanceof OAuthError && /scope/i.test(`${meant.error} ${meant.description}`);
    if (!scoped || !blamed) throw refused(meant, issuer, hint, wire.server);
  }
  try {
    return await ask(metadata);
  } catch (error) {
    throw refused(meaningOf(error, endpoint), issuer, hint, wire.server);
  }
}

type Metadata = Readonly<Record<string, unknown>>;

/** The client that a registration response describes (RFC 7591, section 3.2.1). */
async function registeredIn(
  response: Response,
  asked: Metadata,
  issuer: Issuer,
  endpoint: string,
): Promise<ClientRecord> {
  const body = await response.text();
  const client = parseObject(body) ?? {};
  const error = oauthErrorOf(client, response);
  if (error) throw error;
  const clientId = text(client.client_id);
  // 201 is the standard. Several servers send 200 and leave out half of the required members.
  const { status } = response;
  if (!response.ok) throw new OAuthError('invalid_response', refusalIn(status, body), status, retryAfterOf(response));
  if (clientId === undefined) {
    const reason = unusable(`the registration response of ${shown(endpoint)}`, 'client_id', client);
    throw new OAuthError('invalid_response', reason, status);
  }
  const clientSecret = text(client.client_secret);
  const methods = [client.token_endpoint_auth_method, asked.token_endpoint_auth_method];
  return {
    source: 'registered',
    clientId,
    ...(clientSecret !== undefined && { clientSecret }),
    authMethod: methods.map(text).find(isPossible(clientSecret)) ?? usualMethod(clientSecret, issuer),
  };
}

/** Whether a registered client can use a method: it has no key, and a secret only if the server gave it one. */
function isPossible(clientSecret: string | undefined): (method: string | undefined) => boolean {
  const possible = clientSecret === undefined ? ['none'] : ['none', ...SECRET_METHODS, 'client_secret_jwt'];
  return (method) => method !== undefined && possible.includes(method);
}

/** @param giveClient the hint that says how to do without a registration. */
function refused(error: OAuthError | ProxyError, issuer: Issuer, giveClient: string, server: URL): ProxyError {
  if (issuer.assumed === true) {
    const hint = 'give the credentials with --header, for example -H "Authorization: Bearer ${TOKEN}"';
    const reason = issuer.unusable?.authorization_servers ?? 'it does not say how to sign in';
    const message = `${showUrl(server)} asks for authorization (HTTP 401), and ${reason}`;
    return new ProxyError('no-sign-in', message, { httpStatus: 401, hint }, error);
  }
  if (error instanceof ProxyError && error.code !== 'unauthorized') return error;
  const message = `${shown(issuer.issuer)} refuses to register a client: `;
  if (error instanceof ProxyError) {
    return new ProxyError('unauthorized', message + error.message, { hint: giveClient }, error);
  }
  const { status, retryAfter } = error;
  // The server refused with a status, but without an OAuth error.
  const isBare = error.error === 'invalid_response' && status >= 400;
  const refusal = isBare ? `it may accept only certain clients; ${giveClient}` : giveClient;
  const data = {
    ...(isBare && { httpStatus: status }),
    ...(retryAfter !== undefined && { retryAfter }),
    hint: status === 429 || status >= 500 ? tryAgain(retryAfter) : refusal,
  };
  return new ProxyError('unauthorized', message + (isBare ? error.description : error.message), data, error);
}

function advertised({ token_endpoint_auth_methods_supported: methods }: Issuer): readonly string[] | undefined {
  return methods?.length ? methods : undefined;
}

/**
 * The method for a new client: no secret if the server allows that, because this program cannot keep one
 * confidential. Otherwise the body is preferred: servers that read a secret in one place only read it there.
 */
function methodToRegister(issuer: Issuer): string {
  const methods = advertised(issuer);
  if (!methods || methods.includes('none')) return 'none';
  return SECRET_METHODS.find((method) => methods.includes(method)) ?? 'none';
}

/** How a client authenticates if neither its user nor its registration says so. */
function usualMethod(secret: string | undefined, issuer: Issuer): string {
  if (secret === undefined) return 'none';
  const methods = advertised(issuer);
  // Every server must support Basic (RFC 6749, section 2.3.1), and it is the default of the metadata (RFC 8414, section 2).
  return !methods || methods.includes('client_secret_basic') ? 'client_secret_basic' : 'client_secret_post';
}

/** A key in the client info, without a secret, can only be for authentication. */
function keyMethodOf({ private_key, private_key_file, client_secret }: Record<string, unknown>): string | undefined {
  return (private_key ?? private_key_file) && client_secret === undefined ? 'private_key_jwt' : undefined;
}

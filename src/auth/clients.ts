/**
 * The client that this program is to an authorization server, in the specification's order:
 * one the user has registered, a client ID metadata document, dynamic registration
 * (specification 2026-07-28, "Client Registration"; RFC 7591).
 */
import * as oauth from 'oauth4webapi';
import type { AuthConfig } from '../config.ts';
import { ProxyError } from '../errors.ts';
import type { ClientRecord, Credentials, Issuer } from './credentials.ts';
import {
  isPlainLoopback,
  meaningOf,
  OAuthError,
  optionsFor,
  parseObject,
  shown,
  strings,
  type Wire,
} from './protocol.ts';
import { isSameIssuer, mannersOf } from './providers.ts';

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

const GIVE_CLIENT = 'register a client there and give it with --static-oauth-client-info';

/** The client the user gave, checked against the issuer it was used with before. */
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
  return {
    source: 'static',
    clientId,
    ...(clientSecret !== undefined && { clientSecret }),
    authMethod: methodOf(info.token_endpoint_auth_method ?? keyMethodOf(info), clientSecret, issuer),
    ...(redirectUri !== undefined && { redirectUri }),
  };
}

/** Of several redirect URIs the first that leads straight to this machine; otherwise the first. */
function redirectOf(registered: unknown): string | undefined {
  const uris = strings(registered) ?? [];
  return uris.find((uri) => URL.canParse(uri) && isPlainLoopback(new URL(uri))) ?? uris[0];
}

/** A client that needs no registration: the user's own, or a metadata document the server understands. */
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

/** Registers a new client. Rejects with a ProxyError that names the way out when the server takes none. */
export async function register(
  wire: Wire,
  config: AuthConfig,
  issuer: Issuer,
  redirectUri: string,
  scope: string | undefined,
): Promise<ClientRecord> {
  if (typeof issuer.registration_endpoint !== 'string') {
    throw new ProxyError('unauthorized', `${shown(issuer.issuer)} does not register clients by itself`, {
      hint: GIVE_CLIENT,
    });
  }
  const others = config.clientMetadata.redirect_uris;
  const metadata = {
    client_name: 'mcp-proxy',
    grant_types: [config.grant === 'device-code' ? DEVICE_GRANT : 'authorization_code', 'refresh_token'],
    response_types: config.grant === 'device-code' ? [] : ['code'],
    token_endpoint_auth_method: methodToRegister(issuer),
    // Without it, OpenID providers take us for a web site, which must not use loopback addresses.
    application_type: 'native',
    ...config.clientMetadata,
    // Whatever else the client is to be good for, this one is what it is sent to now.
    redirect_uris: [...new Set([...(Array.isArray(others) ? others : []), redirectUri])],
  };
  const scoped = scope !== undefined && !mannersOf(issuer).registersWithoutScope && !('scope' in metadata);
  try {
    return await send(wire, issuer, scoped ? { ...metadata, scope } : metadata, redirectUri);
  } catch (error) {
    const meant = meaningOf(error, issuer.registration_endpoint);
    // Some servers let clients ask for scopes, but not register for them.
    const blamed = meant instanceof OAuthError && /scope/i.test(`${meant.error} ${meant.description}`);
    if (!scoped || !blamed) throw refused(meant, issuer);
  }
  try {
    return await send(wire, issuer, metadata, redirectUri);
  } catch (error) {
    throw refused(meaningOf(error, issuer.registration_endpoint), issuer);
  }
}

async function send(
  wire: Wire,
  issuer: Issuer,
  metadata: Record<string, unknown>,
  redirectUri: string,
): Promise<ClientRecord> {
  const endpoint = issuer.registration_endpoint as string;
  const response = await oauth.dynamicClientRegistrationRequest(
    issuer as oauth.AuthorizationServer,
    metadata as Partial<oauth.OmitSymbolProperties<oauth.Client>>,
    optionsFor(wire, endpoint),
  );
  const client = parseObject(await response.text());
  if (typeof client?.error === 'string') {
    const description = typeof client.error_description === 'string' ? client.error_description : undefined;
    throw new OAuthError(client.error, description, response.status);
  }
  // 201 is the standard; several servers say 200, and leave out half of what the standard wants.
  if (!response.ok || typeof client?.client_id !== 'string' || client.client_id === '') {
    throw new OAuthError('invalid_response', `HTTP ${response.status} without a client id`, response.status);
  }
  const secret = client.client_secret;
  const clientSecret = typeof secret === 'string' && secret !== '' ? secret : undefined;
  return {
    source: 'registered',
    clientId: client.client_id,
    ...(clientSecret !== undefined && { clientSecret }),
    authMethod: methodOf(client.token_endpoint_auth_method, clientSecret, issuer),
    redirectUri,
  };
}

function refused(error: OAuthError | ProxyError, issuer: Issuer): ProxyError {
  if (issuer.assumed === true) {
    const hint = 'give the credentials with --header, for example -H "Authorization: Bearer ${TOKEN}"';
    const message = `${shown(issuer.issuer)} asks for authorization (HTTP 401), and nothing there tells how to sign in`;
    return new ProxyError('unauthorized', message, { httpStatus: 401, hint }, error);
  }
  if (error instanceof ProxyError && error.code !== 'unauthorized') return error;
  if (error instanceof OAuthError && error.error === 'invalid_response' && error.status >= 400) {
    return registrationRefused(error, issuer);
  }
  return new ProxyError(
    'unauthorized',
    `${shown(issuer.issuer)} refuses to register a client (${error.message})`,
    { hint: GIVE_CLIENT },
    error,
  );
}

/** A status without a word that OAuth knows. */
function registrationRefused(error: OAuthError, issuer: Issuer): ProxyError {
  const { status } = error;
  const passing = status === 429 || status >= 500;
  const message = `${shown(issuer.issuer)} refuses to register a client (HTTP ${status})`;
  const hint = passing ? 'try again later' : `it may register only clients that it knows; ${GIVE_CLIENT}`;
  return new ProxyError('unauthorized', message, { httpStatus: status, hint }, error);
}

function advertised(issuer: Issuer): string[] | undefined {
  return strings(issuer.token_endpoint_auth_methods_supported);
}

/** What a new client should use: no secret where that is allowed, because this program can keep none. */
function methodToRegister(issuer: Issuer): string {
  const methods = advertised(issuer);
  if (!methods || methods.includes('none')) return 'none';
  return ['client_secret_basic', 'client_secret_post'].find((m) => methods.includes(m)) ?? 'none';
}

/** How a client authenticates: as was registered, else as fits the secret it has. */
function methodOf(stated: unknown, secret: string | undefined, issuer: Issuer): string {
  if (typeof stated === 'string' && stated !== '' && (secret !== undefined || !stated.startsWith('client_secret')))
    return stated;
  if (secret === undefined) return 'none';
  const methods = advertised(issuer);
  // Basic is what a server has to support (RFC 6749, section 2.3.1) and the default of its metadata (RFC 8414, section 2).
  return !methods || methods.includes('client_secret_basic') ? 'client_secret_basic' : 'client_secret_post';
}

/** A client that comes with a key has no other use for it. */
function keyMethodOf({ private_key, private_key_file, client_secret }: Record<string, unknown>): string | undefined {
  return (private_key ?? private_key_file) && client_secret === undefined ? 'private_key_jwt' : undefined;
}

/** How the library has to authenticate a client. */
export async function authenticationOf(client: ClientRecord, config: AuthConfig): Promise<oauth.ClientAuth> {
  const secret = client.clientSecret ?? '';
  switch (client.authMethod) {
    case 'client_secret_basic':
      return basic(client.clientId, secret);
    case 'client_secret_post':
      return oauth.ClientSecretPost(secret);
    case 'client_secret_jwt':
      return oauth.ClientSecretJwt(secret);
    case 'private_key_jwt': {
      const { authenticationByKey } = await import('./private-key.ts');
      return authenticationByKey(config.clientInfo ?? {});
    }
    case 'none':
      return oauth.None();
    default:
      throw new ProxyError(
        'unauthorized',
        `the client authenticates by ${JSON.stringify(client.authMethod)}, which is unknown here`,
        {
          hint: 'known are none, client_secret_basic, client_secret_post, client_secret_jwt and private_key_jwt',
        },
      );
  }
}

/**
 * HTTP Basic with form-encoded parts (RFC 6749, section 2.3.1), and nothing encoded that the
 * form encoding leaves as it is: many servers compare without decoding.
 */
function basic(id: string, secret: string): oauth.ClientAuth {
  const encoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  const pair = Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64');
  return (_server, _client, _body, headers) => headers.set('authorization', `Basic ${pair}`);
}

/**
 * How a client authenticates at its authorization server (RFC 6749, section 2.3). The client first tries the method
 * that it agreed on with the server. Many servers read a secret in one place only, whatever they agreed to or
 * advertise, so when a server refuses one place, the client tries the other. It never uses both at once: some servers
 * rightly refuse that.
 */
import * as oauth from 'oauth4webapi';
import type { AuthConfig } from '../../config.ts';
import { ProxyError } from '../../errors.ts';
import type { ClientRecord } from '../vault/credentials.ts';
import { OAuthError } from './library.ts';

/** The methods that send the secret itself. Servers are most likely to read the first. */
export const SECRET_METHODS: readonly string[] = ['client_secret_post', 'client_secret_basic'];

interface AuthenticationOptions {
  /** Whether the endpoint may demand the secret parameter even of clients without a secret. */
  readonly secretDemanded?: boolean;
}

/** A client, together with its authentication at the authorization server that knows it. */
export class AuthenticatedClient {
  readonly #config: AuthConfig;
  #record: ClientRecord;

  constructor(record: ClientRecord, config: AuthConfig) {
    this.#record = record;
    this.#config = config;
  }

  /** The client, with the method that worked last. */
  get record(): ClientRecord {
    return this.#record;
  }

  /**
   * Sends an authenticated request, trying one method after the other.
   *
   * @param send sends the request; rejects with an OAuthError when the server refuses.
   */
  async request<T>(
    send: (authentication: oauth.ClientAuth) => Promise<T>,
    options: AuthenticationOptions = {},
  ): Promise<T> {
    let refused: unknown;
    for (const method of methodsToTry(this.#record, options)) {
      try {
        const answer = await send(await authenticationBy(method, this.#record, this.#config));
        this.#worked(method);
        return answer;
      } catch (error) {
        if (!refusesAuthentication(error)) {
          if (isAuthenticated(error)) this.#worked(method);
          throw error;
        }
        refused ??= error;
      }
    }
    throw refused;
  }

  #worked(method: string): void {
    const { workingMethod: _, ...record } = this.#record;
    this.#record = method === record.authMethod ? record : { ...record, workingMethod: method };
  }
}

/** Every method that is worth trying, each once. */
function methodsToTry(client: ClientRecord, { secretDemanded = false }: AuthenticationOptions): readonly string[] {
  const { authMethod, workingMethod = authMethod, clientSecret } = client;
  if (workingMethod !== 'none' && !SECRET_METHODS.includes(workingMethod)) return [workingMethod];
  // An empty secret may be omitted (RFC 6749, section 2.3.1), so one that is present means the same.
  if (clientSecret === undefined)
    return secretDemanded ? [...new Set([workingMethod, 'none', 'client_secret_post'])] : ['none'];
  return [...new Set([workingMethod, authMethod, ...SECRET_METHODS])];
}

/**
 * Whether the server refuses how the client authenticated: with `invalid_client`, with the errors that the Python SDK
 * sends instead, or because a parameter is missing that the other method would have sent.
 */
function refusesAuthentication(error: unknown): boolean {
  if (!(error instanceof OAuthError)) return false;
  if (error.error === 'invalid_client') return true;
  // FastMCP also answers 401 to a spent grant, but with the error code for that.
  if (error.status === 401) return error.error === 'unauthorized_client' || error.error === 'server_error';
  // If the server does not say what is missing, it may be the client.
  return error.error === 'invalid_request' && /client.?(id|secret|auth)/i.test(error.description ?? 'client_id');
}

/** Whether an error is about a grant. A server looks at the grant only once it has accepted the client. */
function isAuthenticated(error: unknown): boolean {
  return error instanceof OAuthError && ABOUT_GRANT.has(error.error);
}

const ABOUT_GRANT = new Set(['invalid_grant', 'authorization_pending', 'slow_down', 'access_denied', 'expired_token']);

/** How the library must authenticate a client. */
async function authenticationBy(method: string, client: ClientRecord, config: AuthConfig): Promise<oauth.ClientAuth> {
  const { clientId, clientSecret = '' } = client;
  switch (method) {
    case 'client_secret_basic':
      return basic(clientId, clientSecret);
    case 'client_secret_post':
      return (_server, _client, body) => {
        body.set('client_id', clientId);
        body.set('client_secret', clientSecret);
      };
    case 'client_secret_jwt':
      return oauth.ClientSecretJwt(clientSecret);
    case 'private_key_jwt': {
      const { authenticationByKey } = await import('./private-key.ts');
      return authenticationByKey(config.clientInfo ?? {});
    }
    case 'none':
      return oauth.None();
    default:
      throw new ProxyError(
        'unauthorized',
        `the client authenticates by ${JSON.stringify(method)}, which this program does not know`,
        {
          hint: 'known methods: none, client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt',
        },
      );
  }
}

/**
 * HTTP Basic with form-encoded parts (RFC 6749, section 2.3.1). Encodes only what the form encoding requires, because
 * many servers compare without decoding.
 */
function basic(id: string, secret: string): oauth.ClientAuth {
  const encoded = (part: string): string => new URLSearchParams({ '': part }).toString().slice(1);
  const pair = Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64');
  return (_server, _client, body, headers) => {
    // The library also names the client in the body of a device authorization request.
    body.delete('client_id');
    headers.set('authorization', `Basic ${pair}`);
  };
}

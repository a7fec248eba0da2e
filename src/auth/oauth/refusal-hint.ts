/** What the user can do about a refusal of an authorization server: the flag to change or to add. Pure. */
import type { AuthConfig } from '../../config.ts';
import type { OAuthError } from './library.ts';

type ClientConfig = Pick<
  AuthConfig,
  'clientInfo' | 'clientMetadata' | 'clientMetadataUrl' | 'grant' | 'resource' | 'sendResource'
>;

const INFO = '--static-oauth-client-info';
const METADATA = '--static-oauth-client-metadata';

/** Undefined where only the words of the server can help. */
export function refusalHint(
  { error, status }: Pick<OAuthError, 'error' | 'status'>,
  given: ClientConfig,
): string | undefined {
  switch (error) {
    case 'invalid_client':
      return clientHint(given);
    case 'unauthorized_client':
      return given.clientInfo === undefined
        ? clientHint(given)
        : `allow the client of ${INFO} ${GRANTS[given.grant]} at the authorization server`;
    case 'invalid_scope':
      return scopeHint(given);
    case 'invalid_target':
      return resourceHint(given);
    case 'server_error':
    case 'temporarily_unavailable':
      return status === 429 || status >= 500 ? 'the authorization server failed; try again later' : undefined;
    default:
      return undefined;
  }
}

const GRANTS: Readonly<Record<AuthConfig['grant'], string>> = {
  browser: 'to sign in users by browser (grant authorization_code)',
  'device-code': 'to sign in users with a device code',
  'client-credentials': 'to sign in as a program (grant client_credentials)',
};

function clientHint({ clientInfo, clientMetadataUrl }: ClientConfig): string {
  if (clientInfo !== undefined) {
    return clientInfo.client_secret === undefined
      ? `check client_id in ${INFO}; if the client has a secret, add client_secret`
      : `check client_id and client_secret in ${INFO}`;
  }
  if (clientMetadataUrl !== undefined) {
    return `check the document of --client-metadata-url, or give a client that is registered there: ${INFO} '{"client_id":"ID"}'`;
  }
  return `try again: the proxy then registers a new client; or give one that is registered there: ${INFO} '{"client_id":"ID"}'`;
}

function scopeHint({ clientInfo, clientMetadata }: ClientConfig): string {
  const pinning = typeof clientInfo?.scope === 'string' ? INFO : METADATA;
  return typeof (clientInfo?.scope ?? clientMetadata.scope) === 'string'
    ? `change "scope" in ${pinning}, or leave it out`
    : `name the scopes to ask for: ${METADATA} '{"scope":"FIRST SECOND"}'`;
}

function resourceHint({ resource, sendResource }: ClientConfig): string | undefined {
  if (resource !== undefined) return 'change --resource, or leave it out';
  return sendResource ? 'name the resource that the authorization server knows with --resource URI' : undefined;
}

// RFC 8414 and OpenID Connect Discovery: the document, and the places where it may be found.
import type { DocumentAnswer } from './document-answer.ts';
import type { ServerContext } from './server-context.ts';

export function metadataOf({ behaviour, issuer, endpoint }: ServerContext): Record<string, unknown> {
  const { registration, revocation, scopes, authMethods, clientMetadataDocuments, iss } = behaviour;
  const advertisesIss = typeof iss === 'object' ? iss.advertised : iss === 'send';
  return {
    issuer,
    authorization_endpoint: endpoint('authorize'),
    token_endpoint: endpoint('token'),
    jwks_uri: endpoint('jwks'),
    device_authorization_endpoint: endpoint('device_authorization'),
    ...(registration === 'off' ? {} : { registration_endpoint: endpoint('register') }),
    ...(revocation === 'off' ? {} : { revocation_endpoint: endpoint('revoke') }),
    ...(scopes ? { scopes_supported: scopes } : {}),
    response_types_supported: ['code'],
    grant_types_supported: behaviour.grantTypes ?? [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    code_challenge_methods_supported: ['S256'],
    ...(authMethods ? { token_endpoint_auth_methods_supported: authMethods } : {}),
    token_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256'],
    ...(clientMetadataDocuments === 'off' ? {} : { client_id_metadata_document_supported: true }),
    ...(advertisesIss ? { authorization_response_iss_parameter_supported: true } : {}),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    ...behaviour.metadata,
  };
}

/** The place that a path stands for, if it is one where metadata are looked for. */
export function metadataPlace({ behaviour, issuer }: ServerContext, path: string): DocumentAnswer | undefined {
  if (!path.includes('/.well-known/')) return undefined;
  const tenant = new URL(issuer).pathname.replace(/\/$/, '');
  const oauth = '/.well-known/oauth-authorization-server';
  const openid = '/.well-known/openid-configuration';
  if (path === oauth + tenant) return behaviour.oauthMetadata;
  // Without a path the two ways to build the OpenID address come to the same: either switch turns it on.
  if (path === openid + tenant && tenant === '') {
    return behaviour.openidAppended === 404 ? behaviour.openidInserted : behaviour.openidAppended;
  }
  if (path === openid + tenant) return behaviour.openidInserted;
  if (path === tenant + openid) return behaviour.openidAppended;
  return path === oauth || path === openid ? behaviour.rootMetadata : 404;
}

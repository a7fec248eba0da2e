/** Revokes tokens at the server that issued them (RFC 7009). */
import * as oauth from 'oauth4webapi';
import type { AuthConfig } from '../../config.ts';
import type { Credentials } from '../vault/credentials.ts';
import { AuthenticatedClient } from './client-authentication.ts';
import { parseObject } from './document-members.ts';
import { type FetchContext, OAuthError, oauthErrorOf, optionsFor } from './library.ts';

/** `impossible`: the server cannot revoke tokens. `refused`: it can, but did not. Never rejects. */
export async function revoke(
  wire: FetchContext,
  config: AuthConfig,
  { issuer, client, tokens }: Credentials,
): Promise<'revoked' | 'impossible' | 'refused'> {
  const endpoint = issuer?.revocation_endpoint;
  if (!issuer || !client || !tokens || endpoint === undefined) return 'impossible';
  const self = new AuthenticatedClient(client, config);
  const take = async (token: string, hint: string): Promise<boolean> => {
    const send = async (authentication: oauth.ClientAuth): Promise<void> => {
      const response = await oauth.revocationRequest(
        issuer as oauth.AuthorizationServer,
        { client_id: client.clientId },
        authentication,
        token,
        { ...optionsFor(wire, endpoint), additionalParameters: { token_type_hint: hint } },
      );
      if (!response.ok) throw await refusalIn(response);
    };
    try {
      // The Python SDK demands a secret here, even from a client without one.
      await self.request(send, { secretDemanded: true });
      return true;
    } catch {
      return false;
    }
  };
  // The refresh token goes first: many servers then revoke everything that was derived from it.
  const refresh = tokens.refreshToken === undefined || (await take(tokens.refreshToken, 'refresh_token'));
  const access = await take(tokens.accessToken, 'access_token');
  // Servers need not revoke access tokens (RFC 7009, section 2).
  return refresh && (access || tokens.refreshToken !== undefined) ? 'revoked' : 'refused';
}

async function refusalIn(response: Response): Promise<OAuthError> {
  const body = parseObject(await response.text()) ?? {};
  return oauthErrorOf(body, response) ?? new OAuthError('server_error', undefined, response.status);
}

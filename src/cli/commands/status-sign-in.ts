/** Whether a server still accepts a sign-in. */

import { Auth } from '../../auth/fetch.ts';
import type { Credentials } from '../../auth/vault/credentials.ts';
import { httpServer } from '../../config.ts';
import { ProxyError } from '../../errors.ts';
import { PING_REQUEST } from '../../mcp/handshake.ts';
import { POST_HEADERS } from '../../mcp/headers.ts';
import type { StatusTarget } from '../flags/args.ts';
import { openPlace } from '../sign-in-parts.ts';
import type { CommandContext } from './context.ts';
import { type Account, addressOf } from './stored-accounts.ts';

export interface SignInCheck {
  /** Undefined: the server did not say. */
  readonly accepted: boolean | undefined;
  readonly httpStatus?: number;
  /** Why the answer is not known. */
  readonly problem?: string;
}

/** Asks with a ping, which runs nothing, and refreshes an expired token first. Never asks the user. */
export async function checkSignIn(
  account: Account,
  { url: given, options }: StatusTarget,
  context: CommandContext,
): Promise<SignInCheck> {
  const address = addressOf(account, given);
  if (!address) return { accepted: undefined, problem: 'give its whole URL, and --resource where one was used' };
  const { url, resource } = address;
  const { profile, client } = account.credentials;
  const clientInfo = options.auth.clientInfo ?? (client?.source === 'static' ? infoOf(client) : undefined);
  // The headers are only for the server that the user has named.
  const headers = given ? options.headers : [];
  const auth = { ...options.auth, profile, resource, clientInfo };
  const { options: own, http } = await openPlace(httpServer(url, { ...options, headers, auth }), context);
  try {
    const response = await new Auth(own).fetch({
      purpose: 'probe',
      method: 'POST',
      url,
      headers: POST_HEADERS,
      body: PING_REQUEST,
      repeatable: true,
    });
    response.body.destroy();
    const { status } = response;
    if (status === 429 || status >= 500) {
      return { accepted: undefined, httpStatus: status, problem: `it answers HTTP ${status}` };
    }
    return { accepted: status !== 401 && status !== 403, httpStatus: status };
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    return { accepted: undefined, problem: context.redact(error.message) };
  } finally {
    http.close();
  }
}

function infoOf({ clientId, clientSecret, authMethod }: NonNullable<Credentials['client']>) {
  const secret = clientSecret === undefined ? {} : { client_secret: clientSecret };
  return { client_id: clientId, ...secret, token_endpoint_auth_method: authMethod };
}

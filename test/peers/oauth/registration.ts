// RFC 7591.

import type { Answer } from './document-answer.ts';
import { type Client, secret } from './ledger.ts';
import { type Incoming, isAnswer, refusal, type ServerContext } from './server-context.ts';

export function register({ behaviour, ledger }: ServerContext, { method, json }: Incoming): Answer {
  const { registration } = behaviour;
  if (registration === 'off') return { status: 404, body: 'not found' };
  if (isAnswer(registration)) return registration;
  if (method !== 'POST') return { status: 405 };
  const asked = json as Partial<Client> | undefined;
  if (typeof asked !== 'object' || asked === null) {
    return refusal(400, { error: 'invalid_client_metadata', error_description: 'not a JSON object' });
  }
  const wrong = (asked.redirect_uris ?? []).find((uri) => !isRedirectUri(uri));
  if (wrong !== undefined || !asked.redirect_uris?.length) {
    return refusal(400, { error: 'invalid_redirect_uri', error_description: `${wrong ?? 'none'}` });
  }
  const authMethod = authMethodOf(registration, asked.token_endpoint_auth_method);
  const client: Client = {
    ...asked,
    client_id: secret('client'),
    client_id_issued_at: Math.floor(Date.now() / 1000),
    ...(authMethod.startsWith('client_secret') ? { client_secret: secret('secret'), client_secret_expires_at: 0 } : {}),
    token_endpoint_auth_method: authMethod,
  };
  ledger.clients.set(client.client_id, client);
  return { status: 201, body: { ...client, ...behaviour.registrationMembers } };
}

function authMethodOf(registration: 'public' | 'secret' | 'asked' | 'contrary', asked = 'client_secret_basic'): string {
  if (registration === 'asked') return asked;
  if (registration === 'contrary')
    return asked === 'client_secret_basic' ? 'client_secret_post' : 'client_secret_basic';
  if (registration === 'public') return 'none';
  return asked.startsWith('client_secret') ? asked : 'client_secret_basic';
}

/** What OAuth 2.1 allows a native client: https, loopback http, or a scheme of its own. */
function isRedirectUri(uri: unknown): boolean {
  if (typeof uri !== 'string' || !URL.canParse(uri)) return false;
  const { protocol, hostname, hash } = new URL(uri);
  if (hash !== '') return false;
  return protocol !== 'http:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

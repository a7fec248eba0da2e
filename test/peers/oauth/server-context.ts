// What the endpoints of the scripted authorization server share.
import type http from 'node:http';
import type { AuthorizationServerBehaviour, Refused } from './behaviour.ts';
import type { Answer } from './document-answer.ts';
import type { Client, Ledger } from './ledger.ts';

export interface ServerContext {
  readonly behaviour: AuthorizationServerBehaviour;
  readonly ledger: Ledger;
  readonly issuer: string;
  /** Absolute URL of an endpoint. */
  endpoint(name: EndpointName): string;
  /** Signs an id_token. */
  sign(claims: Record<string, unknown>): Promise<string>;
}

export type EndpointName = 'authorize' | 'token' | 'register' | 'revoke' | 'device_authorization' | 'device' | 'jwks';

/** A request to an endpoint, read. */
export interface Incoming {
  readonly method: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly query: URLSearchParams;
  /** Empty unless the body is a form. */
  readonly form: URLSearchParams;
  /** Set where the body is JSON. */
  readonly json: unknown;
}

export const refusal = (status: number, refused: Refused, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body: refused,
});

export const isAnswer = (value: Answer | object | string): value is Answer =>
  typeof value === 'object' && 'status' in value;

/** A registered client, or one that its metadata document describes. */
export async function findClient({ behaviour, ledger }: ServerContext, id: string): Promise<Client | undefined> {
  const known = ledger.clients.get(id);
  if (known) return known;
  if (behaviour.clientMetadataDocuments === 'off' || !/^https?:\/\//.test(id)) return undefined;
  if (behaviour.clientMetadataDocuments === 'trust') return { client_id: id, token_endpoint_auth_method: 'none' };
  const response = await fetch(id, { headers: { accept: 'application/json' }, redirect: 'error' });
  const document = (await response.json().catch(() => ({}))) as Client;
  return response.ok && document.client_id === id ? document : undefined;
}

/** What a request asks for, or why it does not get it. */
export function requested(
  { behaviour }: ServerContext,
  parameters: URLSearchParams,
): { scopes: string[]; resource: string | undefined } | Refused {
  const scopes = (parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  const unknown = scopes.filter((scope) => behaviour.scopes && !behaviour.scopes.includes(scope));
  if (unknown.length > 0) {
    return { error: 'invalid_scope', error_description: `Requested scopes are not valid: ${unknown.join(', ')}` };
  }
  const wrong = wrongResource(behaviour, parameters.getAll('resource'));
  return wrong ?? { scopes: behaviour.grantScopes(scopes), resource: parameters.get('resource') ?? undefined };
}

export function wrongResource(behaviour: AuthorizationServerBehaviour, asked: string[]): Refused | undefined {
  const [resource, ...more] = asked;
  if (more.length > 0) return { error: 'invalid_target', error_description: 'one resource at a time' };
  if (resource === undefined) {
    return behaviour.resource === 'required'
      ? { error: 'invalid_target', error_description: 'the resource parameter is missing' }
      : undefined;
  }
  if (behaviour.resource === 'forbidden') {
    return { error: 'invalid_request', error_description: 'the resource parameter is not supported' };
  }
  if (behaviour.resources && !behaviour.resources.includes(resource)) {
    return { error: 'invalid_target', error_description: `unknown resource ${resource}` };
  }
  return undefined;
}

// The token endpoint. Refresh tokens rotate without grace: one that comes a second time ends its whole family.
import { createHash } from 'node:crypto';
import type { TokenRequest } from './behaviour.ts';
import { authenticate } from './client-authentication.ts';
import { DEVICE_GRANT, redeemDeviceCode } from './device.ts';
import type { Answer } from './document-answer.ts';
import type { Client, Grant } from './ledger.ts';
import { type Incoming, isAnswer, refusal, requested, type ServerContext, wrongResource } from './server-context.ts';

export async function token(context: ServerContext, incoming: Incoming, n: number): Promise<Answer> {
  const { behaviour } = context;
  const { form, headers } = incoming;
  const request: TokenRequest = { n, form, headers };
  await behaviour.beforeToken?.(request);
  const instead = behaviour.tokenAnswer?.(request);
  if (instead) return instead;
  if (incoming.method !== 'POST') return { status: 405 };
  const client = await authenticate(context, incoming);
  if (isAnswer(client)) return client;
  const issued = await redeem(context, client, form);
  if (isAnswer(issued)) return issued;
  await behaviour.afterTokenIssued?.(request, issued);
  return behaviour.tokenResponse?.(issued, request) ?? { status: 200, body: issued };
}

type Redeemed = Promise<Record<string, unknown> | Answer>;

async function redeem(context: ServerContext, client: Client, form: URLSearchParams): Redeemed {
  const { behaviour } = context;
  const type = form.get('grant_type') ?? '';
  if (behaviour.grantTypes && !behaviour.grantTypes.includes(type))
    return refusal(400, { error: 'unsupported_grant_type' });
  const wrong = wrongResource(behaviour, form.getAll('resource'));
  if (wrong) return refusal(400, wrong);
  if (type === 'authorization_code') return redeemCode(context, client, form);
  if (type === 'refresh_token') return redeemRefreshToken(context, client, form);
  if (type === 'client_credentials') return redeemCredentials(context, client, form);
  if (type === DEVICE_GRANT) {
    const grant = redeemDeviceCode(context, client, form.get('device_code') ?? '');
    return isAnswer(grant) ? grant : issue(context, grant);
  }
  return refusal(400, { error: 'unsupported_grant_type' });
}

const invalidGrant = (why: string): Answer => refusal(400, { error: 'invalid_grant', error_description: why });

async function redeemCode(context: ServerContext, client: Client, form: URLSearchParams): Redeemed {
  const code = context.ledger.codes.get(form.get('code') ?? '');
  if (!code || code.grant.clientId !== client.client_id) return invalidGrant('authorization code does not exist');
  const { grant } = code;
  if (code.spent) {
    grant.revoked ??= 'its code came twice';
    return invalidGrant('the code was redeemed before');
  }
  code.spent = true;
  if (grant.revoked !== undefined) return invalidGrant(grant.revoked);
  if (form.get('redirect_uri') !== code.redirectUri) return invalidGrant('another redirect_uri than before');
  const verifier = form.get('code_verifier') ?? '';
  if (createHash('sha256').update(verifier).digest('base64url') !== code.challenge)
    return invalidGrant('wrong verifier');
  const elsewhere = foreignResource(grant, form);
  return elsewhere ?? issue(context, grant);
}

async function redeemRefreshToken(context: ServerContext, client: Client, form: URLSearchParams): Redeemed {
  const { behaviour, ledger } = context;
  const spent = ledger.tokens.get(form.get('refresh_token') ?? '');
  if (spent?.kind !== 'refresh' || spent.grant.clientId !== client.client_id) {
    return invalidGrant('unknown refresh token');
  }
  const { grant } = spent;
  if (spent.spent) grant.revoked ??= 'its refresh token came twice';
  if (grant.revoked !== undefined) return invalidGrant(`the grant is revoked: ${grant.revoked}`);
  if (spent.expiresAt <= Date.now()) return invalidGrant('the refresh token has expired');
  const elsewhere = foreignResource(grant, form);
  if (elsewhere) return elsewhere;
  const scopes = form.get('scope')?.split(' ') ?? grant.scopes;
  const more = scopes.filter((scope) => !grant.scopes.includes(scope));
  if (more.length > 0)
    return refusal(400, { error: 'invalid_scope', error_description: `not granted: ${more.join(' ')}` });
  if (behaviour.refresh === 'rotate') spent.spent = true;
  return issue(context, grant, { scopes, again: true });
}

async function redeemCredentials(context: ServerContext, client: Client, form: URLSearchParams): Redeemed {
  if (client.client_secret === undefined && client.jwks === undefined) {
    return refusal(400, { error: 'unauthorized_client', error_description: 'the client has no credentials' });
  }
  const asked = requested(context, form);
  if ('error' in asked) return refusal(400, asked);
  const clientId = client.client_id;
  const grant = context.ledger.grant({ ...asked, clientId, subject: clientId, query: form });
  return issue(context, grant, { ownName: true });
}

function foreignResource(grant: Grant, form: URLSearchParams): Answer | undefined {
  const resource = form.get('resource');
  if (resource === null || resource === grant.resource) return undefined;
  return refusal(400, { error: 'invalid_target', error_description: `the grant is for ${grant.resource}` });
}

interface Issuing {
  scopes?: string[];
  /** By refresh: the client has a refresh token already. */
  again?: boolean;
  /** No user behind it. */
  ownName?: boolean;
}

async function issue(
  context: ServerContext,
  grant: Grant,
  { scopes = grant.scopes, again, ownName }: Issuing = {},
): Redeemed {
  const { behaviour, ledger } = context;
  const lifetime = behaviour.accessTokenSeconds;
  const expiresAt = Date.now() + lifetime * 1000;
  const access = ledger.token({ kind: 'access', grant, scopes, expiresAt });
  const response: Record<string, unknown> = { access_token: access.value, token_type: 'Bearer' };
  if (behaviour.expiresIn === 'right') response.expires_in = lifetime;
  else if (behaviour.expiresIn !== 'omit') response.expires_in = behaviour.expiresIn.value;
  if (scopes.length > 0) response.scope = scopes.join(' ');
  const { refresh } = behaviour;
  if (!ownName && refresh !== 'never' && !(again && refresh === 'keep') && behaviour.refreshable(grant, grant.query)) {
    const forever = Number.POSITIVE_INFINITY;
    response.refresh_token = ledger.token({ kind: 'refresh', grant, scopes: grant.scopes, expiresAt: forever }).value;
  }
  if (!ownName && (behaviour.bearer === 'id_token' || scopes.includes('openid'))) {
    const nonce = grant.query.get('nonce');
    const seconds = Math.floor(Date.now() / 1000);
    const value = await context.sign({
      iss: context.issuer,
      sub: grant.subject,
      aud: grant.clientId,
      iat: seconds,
      exp: seconds + lifetime,
      // Two of one second are two tokens.
      jti: access.value.slice(-8),
      ...(nonce === null ? {} : { nonce }),
    });
    response.id_token = ledger.token({ kind: 'id', grant, scopes, expiresAt }, value).value;
  }
  return response;
}

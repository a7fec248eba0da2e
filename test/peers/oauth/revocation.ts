// RFC 7009: a refresh token takes its grant with it, an access token goes alone.
import { authenticate } from './client-authentication.ts';
import type { Answer } from './document-answer.ts';
import { type Incoming, isAnswer, type ServerContext } from './server-context.ts';

export async function revoke(context: ServerContext, incoming: Incoming): Promise<Answer> {
  const { revocation } = context.behaviour;
  if (revocation === 'off') return { status: 404 };
  const instead = typeof revocation === 'function' ? revocation(incoming) : revocation;
  if (typeof instead === 'object') return instead;
  const client = await authenticate(context, incoming);
  if (isAnswer(client)) return client;
  const token = context.ledger.tokens.get(incoming.form.get('token') ?? '');
  if (token && token.grant.clientId === client.client_id) {
    if (token.kind === 'refresh') token.grant.revoked ??= 'revoked by the client';
    token.spent = true;
  }
  return { status: 200 };
}

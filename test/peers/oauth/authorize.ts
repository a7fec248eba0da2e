// The authorization endpoint: always PKCE with S256, and consent without a person.
import type { Refused } from './behaviour.ts';
import { type Answer, html } from './document-answer.ts';
import type { Client } from './ledger.ts';
import { findClient, type Incoming, isAnswer, requested, type ServerContext } from './server-context.ts';
import { DECISION_HEADER } from './tab.ts';

export async function authorize(context: ServerContext, { headers, query }: Incoming): Promise<Answer> {
  const { behaviour, ledger } = context;
  // A request without a known client and a redirect URI of that client gets a page, and is never redirected.
  const client = await findClient(context, query.get('client_id') ?? '');
  if (!client) return html(400, '<h1>Unrecognized client_id</h1><p>The application was not found.');
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!matchesRedirect(client, redirectUri, behaviour.redirectPorts)) {
    return html(400, '<h1>redirect_uri did not match any configured URIs</h1>');
  }
  const deny = (refused: Refused): Answer => answerTo(context, redirectUri, query, { ...refused });

  const own = behaviour.checkAuthorize?.(query);
  if (own) return deny(own);
  if (query.get('response_type') !== 'code') return deny({ error: 'unsupported_response_type' });
  const challenge = query.get('code_challenge') ?? '';
  if (challenge === '' || query.get('code_challenge_method') !== 'S256') {
    return deny({ error: 'invalid_request', error_description: 'PKCE with S256 is needed' });
  }
  const asked = requested(context, query);
  if ('error' in asked) return deny(asked);
  if (headers[DECISION_HEADER] === 'deny')
    return deny({ error: 'access_denied', error_description: 'The user refused' });
  if (behaviour.authorize !== 'approve') {
    return isAnswer(behaviour.authorize) ? behaviour.authorize : deny(behaviour.authorize);
  }
  const { subject } = behaviour;
  const grant = ledger.grant({ ...asked, clientId: client.client_id, subject, query });
  return answerTo(context, redirectUri, query, { code: ledger.code({ grant, redirectUri, challenge }).value });
}

/** The authorization response: back to the client, with what is said about state and issuer. */
function answerTo(
  { behaviour, issuer }: ServerContext,
  redirectUri: string,
  query: URLSearchParams,
  members: object,
): Answer {
  const location = new URL(redirectUri);
  for (const [name, value] of Object.entries(members)) location.searchParams.set(name, String(value));
  const state = query.get('state');
  if (behaviour.state === 'echo' && state !== null) location.searchParams.set('state', state);
  if (typeof behaviour.state === 'object') location.searchParams.set('state', behaviour.state.value);
  if (behaviour.iss === 'send') location.searchParams.set('iss', issuer);
  if (typeof behaviour.iss === 'object') location.searchParams.set('iss', behaviour.iss.value);
  return { status: 302, headers: { location: location.href } };
}

function matchesRedirect(client: Client, uri: string, ports: 'any' | 'exact'): boolean {
  if (!URL.canParse(uri)) return false;
  // A client that a test has set up without redirect URIs, or whose document is accepted unseen, may use any.
  const registered = client.redirect_uris;
  if (registered === undefined) return true;
  return registered.some((known) => known === uri || (ports === 'any' && withoutPort(known) === withoutPort(uri)));
}

/** RFC 8252, section 7.3: the port of a loopback redirect is chosen at the time of the request. */
function withoutPort(uri: string): string {
  const url = new URL(uri);
  if (url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) url.port = '';
  return url.href;
}

// How a client shows that it is the client: RFC 6749, section 2.3, and private_key_jwt of RFC 7523.
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import type { Answer } from './document-answer.ts';
import type { Client } from './ledger.ts';
import { findClient, type Incoming, refusal, type ServerContext } from './server-context.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

interface Shown {
  readonly method: string;
  readonly id: string;
  readonly proof: string;
}

export async function authenticate(context: ServerContext, incoming: Incoming): Promise<Client | Answer> {
  const { authMethods, readsClientIn, unknownClient } = context.behaviour;
  const shown = readsClientIn === 'agreed' ? shownBy(incoming) : shownIn(readsClientIn, incoming);
  const no = (why: string): Answer => {
    const header = incoming.headers.authorization ? { 'www-authenticate': 'Basic realm="clients"' } : {};
    return refusal(401, { error: unknownClient, error_description: why }, header as Record<string, string>);
  };
  if (typeof shown === 'string') return no(shown);
  const client = await findClient(context, shown.id);
  if (!client) return no('unknown client');
  if (readsClientIn === 'agreed') {
    if (authMethods && !authMethods.includes(shown.method)) return no(`${shown.method} is not supported`);
    const agreed = client.token_endpoint_auth_method;
    if (agreed !== undefined && agreed !== shown.method)
      return no(`the client is to use ${agreed}, not ${shown.method}`);
  }
  if (shown.method === 'private_key_jwt')
    return (await isSigned(context, client, shown.proof)) ? client : no('bad assertion');
  if (shown.proof !== (client.client_secret ?? '')) return no('wrong secret');
  return client;
}

/** Of a request that is authenticated in one place; nothing is known of the client where it has used the other one. */
function shownIn(place: 'body' | 'header', incoming: Incoming): Shown | string {
  const shown = shownBy(incoming);
  if (typeof shown === 'string' || (shown.method === 'client_secret_basic') === (place === 'header')) return shown;
  return place === 'body' ? 'Missing client_id' : 'Missing Authorization';
}

function shownBy({ headers, form }: Incoming): Shown | string {
  const basic = /^Basic (.+)$/i.exec(headers.authorization ?? '')?.[1];
  const assertion = form.get('client_assertion');
  const secret = form.get('client_secret');
  const proofs = [basic, assertion, secret].filter((proof) => proof);
  if (proofs.length > 1 || (basic && form.has('client_id'))) return 'more than one way to authenticate';
  if (basic) {
    const text = Buffer.from(basic, 'base64').toString('utf8');
    const [id = '', proof = ''] = [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)].map(
      formDecoded,
    );
    return { method: 'client_secret_basic', id, proof };
  }
  if (assertion) {
    if (form.get('client_assertion_type') !== ASSERTION_TYPE) return 'unknown client_assertion_type';
    return { method: 'private_key_jwt', id: decodeJwt(assertion).sub ?? '', proof: assertion };
  }
  const id = form.get('client_id') ?? '';
  return secret ? { method: 'client_secret_post', id, proof: secret } : { method: 'none', id, proof: '' };
}

/** The parts of Basic are form-encoded first (RFC 6749, section 2.3.1). */
const formDecoded = (text: string): string => new URLSearchParams(`value=${text}`).get('value') ?? '';

async function isSigned({ issuer, endpoint }: ServerContext, client: Client, assertion: string): Promise<boolean> {
  const id = client.client_id;
  const keys = createLocalJWKSet((client.jwks ?? { keys: [] }) as JSONWebKeySet);
  const expected = { issuer: id, subject: id, audience: [issuer, endpoint('token')], requiredClaims: ['exp', 'jti'] };
  return jwtVerify(assertion, keys, expected).then(
    () => true,
    () => false,
  );
}

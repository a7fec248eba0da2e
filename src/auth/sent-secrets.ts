/** Hides what was sent to an authorization server: servers like to say what exactly they refuse. */
import { type Redact, redactor } from '../core/redact.ts';
import type { ClientRecord } from './credentials.ts';

/** Parameters that let in whoever reads them. */
const SECRETS = ['code', 'code_verifier', 'refresh_token', 'device_code', 'token'];

/** Hides the secrets of one request, in whatever it was answered with; before that is cut. */
export function sentSecrets(
  { clientId, clientSecret }: Pick<ClientRecord, 'clientId' | 'clientSecret'>,
  parameters: Readonly<Record<string, string>>,
): Redact {
  const sent = SECRETS.flatMap((name) => parameters[name] ?? []);
  // As a form and as HTTP Basic spell them, too (RFC 6749, section 2.3.1).
  const ofClient = clientSecret === undefined ? [] : [clientSecret, ...basicPairs(clientId, clientSecret)];
  const secrets = [...sent, ...ofClient];
  const redact = redactor([...secrets, ...secrets.map(encodeURIComponent)]);
  return (text) => redact(text).replace(/\b(Basic|Bearer)\s+\S+/gi, '$1 ***');
}

function basicPairs(id: string, secret: string): string[] {
  const encoded = [id, secret].map((text) => new URLSearchParams({ '': text }).toString().slice(1));
  return [encoded, [id, secret]].map((pair) => Buffer.from(pair.join(':')).toString('base64'));
}

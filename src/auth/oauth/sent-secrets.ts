/** Hides the secrets that were sent to an authorization server: servers often quote what they refuse. */
import { type Redact, redactor } from '../../core/redact.ts';
import type { ClientRecord } from '../vault/credentials.ts';

/** Parameters that grant access to anyone who reads them. */
const SECRETS = ['code', 'code_verifier', 'refresh_token', 'device_code', 'token'];

/** Hides the secrets of one request in the text of its response. Apply it before the text is cut. */
export function sentSecrets(
  { clientId, clientSecret }: Pick<ClientRecord, 'clientId' | 'clientSecret'>,
  parameters: Readonly<Record<string, string>>,
): Redact {
  const sent = SECRETS.flatMap((name) => parameters[name] ?? []);
  // Also as a form and HTTP Basic spell them (RFC 6749, section 2.3.1).
  const ofClient = clientSecret === undefined ? [] : [clientSecret, ...basicPairs(clientId, clientSecret)];
  const secrets = [...sent, ...ofClient];
  const redact = redactor([...secrets, ...secrets.map(encodeURIComponent)]);
  return (text) => redact(text).replace(/\b(Basic|Bearer)\s+\S+/gi, '$1 ***');
}

function basicPairs(id: string, secret: string): string[] {
  const encoded = [id, secret].map((text) => new URLSearchParams({ '': text }).toString().slice(1));
  return [encoded, [id, secret]].map((pair) => Buffer.from(pair.join(':')).toString('base64'));
}

/** The metadata of an authorization server (RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3). */
import { showUrl } from '../../core/redact.ts';
import { parseUrl } from '../../core/url.ts';
import { ProxyError } from '../../errors.ts';
import type { Issuer } from '../vault/credentials.ts';
import { address, type Document, strings, text, unusable, unusableError } from './document-members.ts';
import { shown } from './library.ts';

const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'device_authorization_endpoint',
] as const;

const LISTS = [
  'scopes_supported',
  'code_challenge_methods_supported',
  'token_endpoint_auth_methods_supported',
  'token_endpoint_auth_signing_alg_values_supported',
] as const;

const FLAGS = ['authorization_response_iss_parameter_supported', 'client_id_metadata_document_supported'] as const;

const HINT =
  'ask the operator of the authorization server; this program uses only https: addresses, or http: ones on this machine';

/** Whether a document describes an authorization server at all: sites respond with all sorts of JSON. */
export function isIssuerMetadata(document: Document): boolean {
  return 'token_endpoint' in document || 'issuer' in document;
}

/** The members of the document that this program uses. Throws a ProxyError if one that every sign-in needs is missing. */
export function issuerOf(document: Document, place: URL): Issuer {
  const name = `the authorization server metadata at ${showUrl(place)}`;
  const issuer = text(document.issuer);
  const token_endpoint = address(document.token_endpoint);
  if (issuer === undefined || !parseUrl(issuer)) throw unusableError(name, 'issuer', document, HINT);
  if (token_endpoint === undefined) throw unusableError(name, 'token_endpoint', document, HINT);
  const usable = new Map<string, unknown>();
  for (const member of ENDPOINTS) usable.set(member, address(document[member]));
  for (const member of LISTS) usable.set(member, strings(document[member]));
  for (const member of FLAGS) usable.set(member, document[member] === true || undefined);
  const members = [...usable].filter(([, value]) => value !== undefined);
  const useless = ENDPOINTS.filter((member) => document[member] !== undefined && usable.get(member) === undefined);
  const reasons = useless.map((member) => [member, unusable(name, member, document)]);
  return {
    issuer,
    token_endpoint,
    ...Object.fromEntries(members),
    ...(reasons.length > 0 && { unusable: Object.fromEntries(reasons) }),
  };
}

/** The address of an endpoint that the current step needs. Throws a ProxyError if the metadata has no usable one. */
export function endpointOf(issuer: Issuer, member: (typeof ENDPOINTS)[number], lacks: string, hint: string): string {
  const found = issuer[member];
  if (found !== undefined) return found;
  throw new ProxyError('unauthorized', issuer.unusable?.[member] ?? `${shown(issuer.issuer)} ${lacks}`, { hint });
}

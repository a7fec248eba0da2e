/** The stored part of a sign-in, and when it can be used. */
import type { AuthConfig } from '../../config.ts';
import { sha256 } from '../../platform/sha256.ts';

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly idToken?: string;
  /** Milliseconds since the epoch; without it, the token is valid until the server refuses it. */
  readonly expiresAt?: number;
  readonly obtainedAt: number;
  /** The scopes that were granted, separated by spaces. */
  readonly scope?: string;
  /** Which token to send to the server. */
  readonly bearer: 'access_token' | 'id_token';
}

/** A client as one authorization server knows it. */
export interface ClientRecord {
  readonly source: 'static' | 'document' | 'registered';
  readonly clientId: string;
  readonly clientSecret?: string;
  /** `token_endpoint_auth_method` (RFC 7591, section 2), as agreed. */
  readonly authMethod: string;
  /** The method that worked after the server had refused the agreed one. */
  readonly workingMethod?: string;
  /** The registered redirect URI; undefined if any on this machine will do. */
  readonly redirectUri?: string;
}

/** The members of an authorization server's metadata (RFC 8414, section 2) that this program uses. */
export interface Issuer {
  readonly issuer: string;
  readonly token_endpoint: string;
  readonly authorization_endpoint?: string;
  readonly registration_endpoint?: string;
  readonly revocation_endpoint?: string;
  readonly device_authorization_endpoint?: string;
  readonly scopes_supported?: readonly string[];
  readonly code_challenge_methods_supported?: readonly string[];
  readonly token_endpoint_auth_methods_supported?: readonly string[];
  readonly token_endpoint_auth_signing_alg_values_supported?: readonly string[];
  readonly authorization_response_iss_parameter_supported?: boolean;
  readonly client_id_metadata_document_supported?: boolean;
  /** The server has no metadata; these are the default paths of revision 2025-03-26. */
  readonly assumed?: boolean;
  /** The problem with a member that counts as absent, for the step that needs it. */
  readonly unusable?: Readonly<Record<string, string>>;
}

/** Everything stored for one server, resource and profile. */
export interface Credentials {
  readonly version: 1;
  readonly url: string;
  readonly profile?: string;
  /** Grows with every change: older credentials never replace newer ones. */
  readonly serial: number;
  readonly issuer?: Issuer;
  readonly client?: ClientRecord;
  /** The resource the tokens were issued for (RFC 8707); undefined if the provider accepts none. */
  readonly resource?: string;
  /** The scopes that were requested. */
  readonly scope?: string;
  readonly tokens?: Tokens;
}

/** How many milliseconds before it expires a token is no longer used: requests take a while, and clocks differ. */
const EARLY = 30_000;

/** Names the credentials of one server URL, with one resource, in one profile. */
export function credentialsName(url: URL, resource: string | undefined, profile: string | undefined): string {
  const identity = [`${url.origin}${url.pathname}${url.search}`, resource ?? '', profile ?? ''].join('\n');
  return sha256(identity).slice(0, 32);
}

/** Whether stored credentials belong to the client that is configured now. */
export function isForUs({ client }: Pick<Credentials, 'client'>, config: AuthConfig): boolean {
  if (config.clientInfo) return client?.clientId === config.clientInfo.client_id;
  return client?.source !== 'static';
}

/** The token to send, or undefined when there is none. */
export function bearerOf(credentials: Credentials | undefined): string | undefined {
  const tokens = credentials?.tokens;
  return tokens?.bearer === 'id_token' ? tokens.idToken : tokens?.accessToken;
}

/** Every secret in the credentials: each grants access to anyone who reads it. */
export function secretsIn(credentials: Credentials | undefined): string[] {
  const { accessToken, refreshToken, idToken } = credentials?.tokens ?? {};
  return [accessToken, refreshToken, idToken, credentials?.client?.clientSecret].filter((s) => s !== undefined);
}

/** Whether to refresh the token before sending it: it expires soon, as far as is known. */
export function isStale({ expiresAt, obtainedAt }: Tokens, now: number): boolean {
  if (expiresAt === undefined) return false;
  // Use a token that lives for seconds for most of its life, not for none of it.
  const early = Math.min(EARLY, (expiresAt - obtainedAt) / 5);
  return now >= expiresAt - early;
}

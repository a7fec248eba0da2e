/** Reads stored credentials, which may be damaged or foreign. Omits unusable parts, so that a sign-in replaces them. */

import type { SecretStore } from '../../core/ports.ts';
import type { ClientRecord, Credentials, Issuer, Tokens } from './credentials.ts';

/** The usable part of a stored text. */
export interface Stored {
  readonly credentials: Credentials | undefined;
  /** Tells the user which part is unusable; undefined if everything is usable. */
  readonly problem: string | undefined;
}

type StoredMembers = Readonly<Record<string, unknown>>;

/** Whether a header can carry a token at all: servers use more characters than RFC 6750, section 2.1 allows. */
export function isSendable(token: string | undefined): token is string {
  return token !== undefined && /^[\x21-\x7e]+$/.test(token);
}

/** The usable part of the stored credentials, or undefined when nothing is usable. */
export async function readCredentials(store: SecretStore, name: string): Promise<Credentials | undefined> {
  const text = await store.read(name);
  return text === undefined ? undefined : readStored(text).credentials;
}

export function readStored(text: string): Stored {
  const value = parsed(text);
  if (value?.version !== 1 || !isNumber(value.serial) || !isText(value.url)) {
    return { credentials: undefined, problem: 'the record is damaged' };
  }
  const { version, serial, url } = value as unknown as Credentials;
  const issuer = soundIssuer(value.issuer);
  // Only its own authorization server knows a client.
  const client = issuer && soundClient(value.client);
  const tokens = soundTokens(value.tokens);
  const credentials: Credentials = {
    version,
    serial,
    url,
    ...texts(value, ['profile', 'resource', 'scope']),
    ...(issuer && { issuer }),
    ...(client && { client }),
    ...(tokens && { tokens }),
  };
  const lost = (name: 'issuer' | 'client' | 'tokens'): boolean => value[name] !== undefined && !credentials[name];
  if (lost('tokens')) return { credentials, problem: 'its token cannot be sent in a header' };
  if (lost('issuer')) return { credentials, problem: 'its authorization server cannot be used' };
  return { credentials, problem: lost('client') ? 'its client cannot be used' : undefined };
}

/** Checks the endpoints that every use needs. Each request to them checks whether the address is safe. */
export function soundIssuer(value: unknown): Issuer | undefined {
  const members = object(value);
  return isUrl(members?.issuer) && isUrl(members.token_endpoint) ? (members as unknown as Issuer) : undefined;
}

const SOURCES: readonly unknown[] = ['static', 'document', 'registered'];
const METHODS_WITH_SECRET = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt'];

export function soundClient(value: unknown): ClientRecord | undefined {
  const members = object(value);
  if (!members || !SOURCES.includes(members.source) || !isText(members.clientId) || !isText(members.authMethod)) {
    return undefined;
  }
  const { source, authMethod, clientSecret } = members;
  // A registered client authenticates with what the server gave it. The user's own client may also have a key.
  const able = authMethod === 'none' || (isText(clientSecret) && METHODS_WITH_SECRET.includes(authMethod));
  if (source !== 'static' && !able) return undefined;
  const { workingMethod, ...others } = members;
  const isMethod = workingMethod === 'none' || METHODS_WITH_SECRET.includes(workingMethod as string);
  return (isMethod ? members : others) as unknown as ClientRecord;
}

function soundTokens(value: unknown): Tokens | undefined {
  const members = object(value);
  if (!members || !isText(members.accessToken)) return undefined;
  const bearer = members.bearer === 'id_token' ? 'id_token' : 'access_token';
  const { expiresAt, obtainedAt } = members;
  const tokens: Tokens = {
    accessToken: members.accessToken,
    ...texts(members, ['refreshToken', 'idToken', 'scope']),
    ...(isNumber(expiresAt) && { expiresAt }),
    obtainedAt: isNumber(obtainedAt) ? obtainedAt : 0,
    bearer,
  };
  return isSendable(bearer === 'id_token' ? tokens.idToken : tokens.accessToken) ? tokens : undefined;
}

function texts<K extends string>(members: StoredMembers, names: readonly K[]): { [name in K]?: string } {
  const found = names.filter((name) => isText(members[name])).map((name) => [name, members[name]]);
  return Object.fromEntries(found) as { [name in K]?: string };
}

function parsed(text: string): StoredMembers | undefined {
  try {
    return object(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function object(value: unknown): StoredMembers | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as StoredMembers) : undefined;
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isUrl(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value);
}

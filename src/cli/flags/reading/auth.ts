/** The flags of the sign-in. */
import { type AuthConfig, type Grant, HTTP_SERVER_DEFAULTS } from '../../../config.ts';
import type { Env } from '../../../core/ports.ts';
import { usageError } from '../usage-error.ts';
import { milliseconds } from '../value-checks.ts';
import type { Flags } from '../words.ts';
import { calledFile, type ReadFile, readGivenFile } from './given-files.ts';
import { expandVariables } from './placeholders.ts';

type JsonObject = Readonly<Record<string, unknown>>;

export interface AuthArguments {
  readonly auth: AuthConfig;
  /** Values that must never be shown. Not the client id: it is in every URL that the user must open. */
  readonly secrets: readonly string[];
}

export const CLIENT_INFO = 'static-oauth-client-info';
export const CLIENT_METADATA = 'static-oauth-client-metadata';

/** Throws a usage error when a file cannot be read, or the flags do not fit together. */
export function readAuth(flags: Flags, env: Env, readFile: ReadFile): AuthArguments {
  const secrets = new Set<string>();
  const sources = { env, readFile, secrets };
  const clientInfo = readClientInfo(flags.text(CLIENT_INFO), sources);
  const port = flags.text('callback-port');
  const seconds = flags.text('auth-timeout');
  const auth: AuthConfig = {
    redirectHost: flags.text('host') ?? HTTP_SERVER_DEFAULTS.auth.redirectHost,
    callbackPort: port === undefined ? HTTP_SERVER_DEFAULTS.auth.callbackPort : Number(port),
    callbackPath: flags.text('callback-path') ?? HTTP_SERVER_DEFAULTS.auth.callbackPath,
    timeout: seconds === undefined ? HTTP_SERVER_DEFAULTS.auth.timeout : milliseconds(seconds),
    resource: flags.text('resource'),
    profile: flags.text('profile'),
    clientMetadata: readClientMetadata(flags.text(CLIENT_METADATA), sources),
    clientInfo,
    clientMetadataUrl: flags.text('client-metadata-url'),
    grant: readGrant(flags, clientInfo),
    authorizeParameters: flags.texts('authorize-param').map(parameter),
    sendResource: !flags.has('disable-resource-parameter'),
    useIdToken: flags.has('use-id-token'),
  };
  return { auth, secrets: [...secrets].flatMap(spellings) };
}

function readGrant(flags: Flags, clientInfo: JsonObject | undefined): Grant {
  const program = flags.has('client-credentials');
  const device = flags.has('device-code');
  if (program && device) {
    throw usageError(
      '--client-credentials and --device-code cannot be used together',
      'the first is for programs, the second for people',
    );
  }
  const proof = ['client_secret', 'private_key', 'private_key_file'].some((member) => clientInfo?.[member]);
  if (program && !proof) {
    throw usageError(
      '--client-credentials needs a client with client_secret, private_key or private_key_file',
      `--${CLIENT_INFO} '{"client_id": "ID", "client_secret": "\${SECRET}"}'`,
    );
  }
  return program ? 'client-credentials' : device ? 'device-code' : 'browser';
}

function parameter(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Members that prove the identity of a client, and so are secret. */
export const SECRET_MEMBER = /secret|_token$|assertion|^private_key$|^jwks$/;

/** The sources of variables and files in the JSON of a flag, and the set that collects its secrets. */
interface Sources {
  readonly env: Env;
  readonly readFile: ReadFile;
  readonly secrets: Set<string>;
}

/** Metadata is public, except for a software statement, which proves the identity of the software (RFC 7591, section 2.3). */
function readClientMetadata(given: string | undefined, sources: Sources): JsonObject {
  if (given === undefined) return HTTP_SERVER_DEFAULTS.auth.clientMetadata;
  return expandedObject(given, CLIENT_METADATA, sources, (name) => name !== 'software_statement');
}

function readClientInfo(given: string | undefined, sources: Sources): JsonObject | undefined {
  if (given === undefined) return undefined;
  const client = expandedObject(given, CLIENT_INFO, sources, (name) => name === 'client_id');
  if (typeof client.client_id !== 'string' || client.client_id.trim() === '') {
    throw usageError(
      `--${CLIENT_INFO} has no client_id`,
      'expected at least {"client_id": "ID"}, with the id as a string',
    );
  }
  // A wrong name must fail at startup, not in the middle of a session.
  const { private_key_file: keyFile } = client;
  if (typeof keyFile === 'string') readGivenFile(keyFile, CLIENT_INFO, sources.readFile);
  return client;
}

/** A value of `--static-oauth-client-info` as it was given, and the file that it names, unless that cannot be read. */
export function clientInfoText(given: string, env: Env, readFile: ReadFile): string {
  if (!given.startsWith('@')) return given;
  try {
    return given + readFile(expandVariables(given, env, `--${CLIENT_INFO}`).slice(1));
  } catch {
    // The same flag is read once more, with an error that names the file.
    return given;
  }
}

/**
 * The object of a flag with its placeholders expanded, except in names. A value from a variable is secret unless its
 * member is public.
 */
function expandedObject(
  given: string,
  flag: string,
  { env, readFile, secrets }: Sources,
  isPublic: (name: string) => boolean,
): JsonObject {
  const keep = (secret: string): void => {
    secrets.add(secret);
  };
  const file = given.startsWith('@') ? expandVariables(given, env, `--${flag}`) : given;
  const members = Object.entries(jsonObject(file, flag, readFile)).map(([name, value]) => {
    const expanded = mapTexts(value, (text) =>
      expandVariables(text, env, `--${flag}`, isPublic(name) ? undefined : keep),
    );
    if (SECRET_MEMBER.test(name)) for (const text of textsIn(expanded)) keep(text);
    return [name, expanded] as const;
  });
  return Object.fromEntries(members);
}

/** Replaces every text in a value, at any depth. */
function mapTexts(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((entry) => mapTexts(entry, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, mapTexts(entry, replace)]));
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** The forms in which a secret may appear again: alone, as part of a form, a key line by line. */
function spellings(secret: string): string[] {
  const lines = secret.split(/\r?\n|\\n/).filter((line) => line.length >= 20 && !line.startsWith('-----'));
  const form = new URLSearchParams({ s: secret }).toString().slice(2);
  return [...new Set([secret, form, ...lines])];
}

/** The object in the text, or in the file that `@FILE` names. */
function jsonObject(given: string, flag: string, readFile: ReadFile): JsonObject {
  if (!given.startsWith('@')) return JSON.parse(given) as JsonObject;
  const file = given.slice(1);
  const text = readGivenFile(file, flag, readFile);
  const found = parsed(text);
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as JsonObject;
  // PowerShell 5 writes files in UTF-16.
  const hint = text.includes('\0') ? 'save it as UTF-8' : 'expected an object such as {"client_id": "ID"}';
  throw usageError(`--${flag}: ${calledFile(file)} contains no JSON object`, hint);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of JSON.parse repeats the text, which may contain a secret.
    return undefined;
  }
}

/** `mcp-proxy status [<url>]`: who is signed in where and until when. Shows no secret. */
import type { Credentials } from '../auth/credentials.ts';
import { readCredentials } from '../auth/stored.ts';
import type { ConfigWithoutUrl } from '../config.ts';
import { printable } from '../core/redact.ts';
import type { CommandContext } from './login.ts';
import { credentialStore } from './place.ts';

export async function status({ url, auth }: ConfigWithoutUrl, { print }: CommandContext): Promise<void> {
  const store = await credentialStore({ auth });
  const wanted = url && `${url.origin}${url.pathname}`;
  const all = (await store.names())
    // Beside the credentials stand sign-ins that wait, and answers of servers.
    .filter((name) => /^[0-9a-f]{32}$/.test(name))
    .map((name) => readCredentials(store, name))
    .filter((found): found is Credentials => found !== undefined && (wanted === undefined || found.url === wanted));
  if (all.length === 0) print(wanted === undefined ? 'not signed in anywhere' : `not signed in to ${wanted}`);
  for (const credentials of all) for (const line of describe(credentials, Date.now())) print(line);
}

function describe({ url, profile, resource, issuer, client, tokens }: Credentials, now: number): string[] {
  const fact = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`  ${`${name}:`.padEnd(10)} ${printable(value, 200)}`];
  return [
    printable(url, 300),
    ...fact('state', tokens ? stateOf(tokens, now) : 'signed out; the next call asks to sign in'),
    ...fact('profile', profile),
    ...fact('resource', resource),
    ...fact('issuer', issuer?.issuer),
    ...fact('client', client && `${client.clientId} (${KINDS[client.source]})`),
    ...fact('scope', tokens?.scope),
  ];
}

const KINDS = {
  static: 'given by you',
  document: 'client ID metadata document',
  registered: 'registered by mcp-proxy',
} as const;

function stateOf({ expiresAt, refreshToken }: NonNullable<Credentials['tokens']>, now: number): string {
  const renews = refreshToken === undefined ? '' : ', refreshed automatically';
  if (expiresAt === undefined) return `signed in, until the server ends it${renews}`;
  const until = new Date(expiresAt).toISOString().replace(/\.\d+Z$/, 'Z');
  if (expiresAt > now) return `signed in, token until ${until}${renews}`;
  return refreshToken === undefined ? `expired at ${until}` : `signed in, token expired at ${until}${renews}`;
}

/** `mcp-proxy status [<url>]`: where this user is signed in, and until when. Shows no secrets. */
import type { Credentials } from '../../auth/vault/credentials.ts';
import { readCredentials } from '../../auth/vault/stored.ts';
import { printable } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import type { StatusTarget } from '../flags/args.ts';
import { credentialStore } from '../sign-in-parts.ts';
import { inWords, isoTime } from '../times.ts';
import type { CommandContext } from './context.ts';
import type { SignInCheck } from './status-sign-in.ts';
import { accountsOf } from './stored-accounts.ts';

/**
 * Rejects with a ProxyError `unauthorized` when a server was asked, and does not accept the sign-in or does not say.
 */
export async function status(target: StatusTarget, context: CommandContext): Promise<void> {
  const { url, options, check, json } = target;
  const { profile } = options.auth;
  context.progress.step('reading the stored sign-ins');
  const store = await credentialStore(context.config);
  const found = (await accountsOf(store, url)).filter(
    ({ credentials }) => profile === undefined || credentials.profile === profile,
  );
  const all: AccountStatus[] = [];
  for (const [index, account] of found.entries()) {
    if (check) context.progress.step(`checking sign-in ${index + 1} of ${found.length}`);
    const checked = check
      ? await (await import('./status-sign-in.ts')).checkSignIn(account, target, context)
      : undefined;
    // A check may have refreshed the tokens.
    all.push({ credentials: (await readCredentials(store, account.name)) ?? account.credentials, checked });
  }
  const now = Date.now();
  if (json) context.print(JSON.stringify(all.map((told) => asJson(told, now))));
  else for (const told of all) for (const line of describe(told, now)) context.print(line);
  if (all.length === 0 && !json) context.print(nobody(url, profile));
  const failed = all.find(({ checked }) => checked && checked.accepted !== true);
  if (failed) throw notAccepted(failed);
}

interface AccountStatus {
  readonly credentials: Credentials;
  readonly checked: SignInCheck | undefined;
}

function nobody(url: URL | undefined, profile: string | undefined): string {
  const where = url === undefined ? 'anywhere' : `to ${url.origin}${url.pathname}`;
  return `not signed in ${where}${profile === undefined ? '' : ` with --profile ${profile}`}`;
}

function notAccepted({ credentials, checked }: AccountStatus): ProxyError {
  const { url, profile } = credentials;
  const where = printable(url, 300);
  if (checked?.accepted === undefined) {
    return new ProxyError('unauthorized', `${where} does not say whether it accepts the sign-in: ${checked?.problem}`, {
      hint: 'try again later',
    });
  }
  const flags = profile === undefined ? '' : ` --profile ${profile}`;
  return new ProxyError('unauthorized', `${where} refuses the sign-in (HTTP ${checked.httpStatus})`, {
    hint: `mcp-proxy login ${where}${flags}`,
  });
}

function describe(told: AccountStatus, now: number): string[] {
  const { url, profile, resource, issuer, client, tokens } = told.credentials;
  const fact = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`  ${`${name}:`.padEnd(10)} ${printable(value, 200)}`];
  return [
    printable(url, 300),
    ...fact('state', stateOf(told, now)),
    ...fact('token', tokens && tokenState(tokens, now)),
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

function stateOf({ credentials: { tokens }, checked }: AccountStatus, now: number): string {
  if (checked?.accepted === true) return 'signed in: the server accepts it';
  if (checked?.accepted === false) {
    return `signed out: the server refuses it (HTTP ${checked.httpStatus}); the next call asks you to sign in`;
  }
  if (!isSignedIn(tokens, now)) return 'signed out; the next call asks you to sign in';
  // The store knows when the authorization server last answered, but not what has happened there since.
  const since = tokens?.obtainedAt ? `, as of ${inWords(tokens.obtainedAt, now)}` : '';
  return `signed in${since}${checked ? `; not checked: ${checked.problem}` : ''}`;
}

function isSignedIn(tokens: Credentials['tokens'], now: number): boolean {
  if (!tokens) return false;
  return tokens.refreshToken !== undefined || tokens.expiresAt === undefined || tokens.expiresAt > now;
}

function tokenState({ expiresAt, refreshToken }: NonNullable<Credentials['tokens']>, now: number): string {
  const refreshed = refreshToken === undefined ? '' : ', refreshed automatically';
  if (expiresAt === undefined) return `valid until the server ends it${refreshed}`;
  return `${expiresAt > now ? 'expires' : 'expired'} ${inWords(expiresAt, now)}${refreshed}`;
}

function asJson({ credentials, checked }: AccountStatus, now: number): object {
  const { url, profile, resource, issuer, client, tokens } = credentials;
  return {
    url,
    profile,
    resource,
    issuer: issuer?.issuer,
    client: client && { id: client.clientId, source: client.source },
    scope: tokens?.scope,
    signedIn: checked?.accepted ?? isSignedIn(tokens, now),
    asOf: tokens?.obtainedAt ? isoTime(tokens.obtainedAt) : undefined,
    expiresAt: tokens?.expiresAt === undefined ? undefined : isoTime(tokens.expiresAt),
    renewable: tokens?.refreshToken !== undefined,
    check: checked && { ...checked, accepted: checked.accepted ?? null },
  };
}

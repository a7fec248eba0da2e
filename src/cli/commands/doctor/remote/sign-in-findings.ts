/** What is known about a sign-in, in words for people who have never heard of OAuth. Pure. */
import type { ClientRecord } from '../../../../auth/vault/credentials.ts';
import type { Grant } from '../../../../config.ts';
import { inWords } from '../../../times.ts';
import type { Finding } from '../examination.ts';
import type { StoredSignIn } from './stored-sign-in.ts';

export interface RegistrationFacts {
  /** The client that will be used, if there is one already. */
  readonly client: ClientRecord | undefined;
  /** Where the user signs in. */
  readonly place: string;
  /** Whether new clients can register there automatically. */
  readonly registers: boolean;
  readonly redirectUri: string;
  /** Whether the sign-in ends with a redirect of the browser. */
  readonly redirects: boolean;
  /** The command that signs in, with further words. */
  readonly login: (more: readonly string[]) => string;
  readonly platform: NodeJS.Platform;
}

const KNOWN: Readonly<Record<ClientRecord['source'], string>> = {
  static: 'it knows mcp-proxy by the client that you gave',
  document: 'it knows mcp-proxy by the document that you named',
  registered: 'mcp-proxy has registered itself there before',
};

export function registrationFinding(facts: RegistrationFacts): Finding {
  const { client, place, registers, redirectUri, redirects, login, platform } = facts;
  const back = redirects ? [`the browser comes back to ${redirectUri}`] : [];
  if (client) return { mark: 'ok', text: KNOWN[client.source], details: back };
  if (registers) return { mark: 'ok', text: 'mcp-proxy can register itself there', details: back };
  const info = JSON.stringify({ client_id: 'ID', ...(redirects && { redirect_uris: [redirectUri] }) });
  const isFile = platform === 'win32';
  return {
    mark: 'fail',
    text: `${place} knows only programs that were registered by hand`,
    details: [
      'you, or an administrator, can do that on its web site',
      ...(redirects ? [`the redirect URI to enter there: ${redirectUri}`] : []),
      ...(isFile ? [`client.json is a file that holds ${info}`] : []),
    ],
    next: {
      say: 'Register a program (app, client) there, put its client ID in place of ID, and sign in:',
      command: login(['--static-oauth-client-info', isFile ? '@client.json' : info]),
    },
  };
}

export interface TokenFindingContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether the server asks for a sign-in. */
  readonly isAsked: boolean;
  /** Whether the stored token was sent. */
  readonly isSent: boolean;
  readonly grant: Grant;
  /** The command that signs in. */
  readonly login: string;
  /** The command that renews a sign-in and asks the server. */
  readonly check: string;
}

export function tokenFinding({ credentials, problem, isForUs }: StoredSignIn, context: TokenFindingContext): Finding {
  const { now, isAsked, isSent, grant, login, check } = context;
  const tokens = isForUs ? credentials?.tokens : undefined;
  const again = { say: 'Sign in again:', command: login };
  if (problem !== undefined)
    return { mark: 'fail', text: 'the stored sign-in cannot be used', details: [problem], next: again };
  if (!tokens) {
    if (grant === 'client-credentials') {
      const next = { say: 'Let mcp-proxy sign in, with the client that you gave:', command: login };
      return { mark: 'warn', text: 'not yet; mcp-proxy signs in with the first call', next };
    }
    const text = credentials?.tokens ? 'the stored sign-in belongs to another client' : 'you are not signed in yet';
    return { mark: 'fail', text, next: { say: 'Sign in. This opens your browser:', command: login } };
  }
  const { expiresAt, refreshToken } = tokens;
  const renewed = refreshToken === undefined ? '' : ', and is renewed automatically';
  if (isSent && isAsked) {
    return {
      mark: 'fail',
      text: 'the server refuses your stored sign-in',
      details: endOf(expiresAt, now),
      next: again,
    };
  }
  if (isSent) {
    const until = expiresAt === undefined ? 'lasts until the server ends it' : `ends ${inWords(expiresAt, now)}`;
    return { mark: 'ok', text: `you are signed in; it ${until}${renewed}` };
  }
  if (refreshToken === undefined) {
    const text = 'your sign-in has expired, and cannot be renewed';
    return { mark: 'fail', text, details: endOf(expiresAt, now), next: again };
  }
  return {
    mark: 'warn',
    text: 'your sign-in has expired; mcp-proxy renews it with the next call',
    details: [...endOf(expiresAt, now), 'the doctor changes nothing, so it cannot test that'],
    next: { say: 'Renew it now, and ask the server whether it accepts it:', command: check },
  };
}

function endOf(expiresAt: number | undefined, now: number): string[] {
  if (expiresAt === undefined) return [];
  return [`it ${expiresAt > now ? 'would end' : 'ended'} ${inWords(expiresAt, now)}`];
}

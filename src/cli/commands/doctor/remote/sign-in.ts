/** Whether the user is signed in, and if not, whether a sign-in can work. It never begins one. */
import { type Challenge, NO_CHALLENGE } from '../../../../auth/challenge.ts';
import { givenClient } from '../../../../auth/oauth/client-registration.ts';
import { type Discovered, discover } from '../../../../auth/oauth/discover.ts';
import { type FetchContext, peekAt, shown } from '../../../../auth/oauth/library.ts';
import { redirectOf } from '../../../../auth/sign-in/redirect-uri.ts';
import { again } from '../command-line.ts';
import { type CheckName, type Finding, failed } from '../examination.ts';
import type { AnsweredOpening, ServerQuestion } from './server-answer.ts';
import { registrationFinding, tokenFinding } from './sign-in-findings.ts';
import type { StoredSignIn } from './stored-sign-in.ts';

const PLACE: CheckName = ['discovery', 'Sign-in place'];
const REGISTRATION: CheckName = ['registration', 'Registration'];
const TOKEN: CheckName = ['token', 'Your sign-in'];

export const SIGN_IN_CHECKS: readonly CheckName[] = [PLACE, REGISTRATION, TOKEN];

/** Milliseconds. A sign-in place may have five addresses to look at. */
const LIMIT = 30_000;

export interface SignInExamination extends ServerQuestion {
  readonly stored: StoredSignIn;
  readonly kind: AnsweredOpening['kind'];
  readonly challenge: Challenge | undefined;
}

/** Whether requests of the user get in. */
export async function examineSignIn(examined: SignInExamination): Promise<boolean> {
  const { examination, server, stored, kind, isSignedIn, typed } = examined;
  if (kind === 'failed') {
    examination.skipAll(SIGN_IN_CHECKS, 'not before the server answers');
    return false;
  }
  const token = tokenFinding(stored, {
    now: Date.now(),
    isAsked: kind === 'closed',
    isSent: isSignedIn,
    grant: server.auth.grant,
    login: again('login', typed),
    check: again('status', typed, ['--check']),
  });
  if (kind === 'open') {
    const why = isSignedIn ? 'not needed: you are signed in' : 'not needed: it asks for no sign-in';
    examination.skipAll([PLACE, REGISTRATION], why);
    if (isSignedIn) await examination.run(TOKEN, LIMIT, () => token);
    else examination.skip(TOKEN, why);
    return true;
  }
  const place = await examinePlace(examined);
  if (!place) {
    examination.skipAll([REGISTRATION, TOKEN], 'not before the place is known');
    return false;
  }
  const { mark } = await examination.run(REGISTRATION, LIMIT, () => registration(examined, place));
  if (mark === 'fail') examination.skip(TOKEN, 'not before the registration');
  else await examination.run(TOKEN, LIMIT, () => token);
  return false;
}

/** Finds out where the user signs in; undefined when the server does not say. */
async function examinePlace(examined: SignInExamination): Promise<Discovered | undefined> {
  const { examination, server, plain, challenge = NO_CHALLENGE } = examined;
  let found: Discovered | undefined;
  const { mark } = await examination.run(PLACE, LIMIT, async (signal) => {
    const wire = { fetch: plain, server: server.url, signal };
    try {
      found = await discover(wire, challenge, server.auth.resource);
    } catch (error) {
      return unusablePlace(error);
    }
    return placeFinding(found, wire, examined);
  });
  return mark === 'fail' ? undefined : found;
}

/** The server names a place to sign in, and that is of no use. */
function unusablePlace(error: unknown): Finding {
  const { text, ...finding } = failed(error);
  return { ...finding, text: 'the sign-in service cannot be used', details: [text] };
}

/** Addresses of documents, and of the server itself, which show no page to a user. */
function isNoPage(address: string, server: URL): boolean {
  const { origin, pathname } = new URL(address);
  return pathname.startsWith('/.well-known/') || (origin === server.origin && pathname === server.pathname);
}

async function placeFinding(
  { issuer }: Discovered,
  wire: FetchContext,
  { typed }: SignInExamination,
): Promise<Finding> {
  const { authorization_endpoint: endpoint } = issuer;
  if (endpoint !== undefined && isNoPage(endpoint, wire.server)) {
    return {
      mark: 'fail',
      text: 'the page to sign in that the server names is not a page for people',
      details: [`it names ${shown(endpoint)}`],
      next: { say: 'Tell the operator of the server.' },
    };
  }
  const where = shown(endpoint ?? issuer.issuer);
  if (issuer.assumed !== true) return { mark: 'ok', text: `you sign in at ${new URL(where).origin}` };
  if (await takesRegistrations(issuer.registration_endpoint, wire)) {
    return { mark: 'warn', text: `the server does not say it; older ones use ${new URL(where).origin}` };
  }
  const command = again('doctor', typed, ['--header', 'Authorization: Bearer ${TOKEN}']);
  return {
    mark: 'fail',
    text: 'the server asks for a sign-in, and does not say where',
    details: [
      'so no browser can help: it wants a key, which its operator gives out',
      ...(issuer.unusable?.authorization_servers === undefined ? [] : [issuer.unusable.authorization_servers]),
    ],
    next: { say: 'Get a key or token for this server, put it into the variable TOKEN, and try:', command },
  };
}

/** Statuses of an address that is there, and wants another request than a GET. */
const WANTS_POST: ReadonlySet<number> = new Set([400, 405, 415, 422]);

/** Whether there is something at the address where servers of 2025-03-26 register clients. */
async function takesRegistrations(endpoint: string | undefined, wire: FetchContext): Promise<boolean> {
  if (endpoint === undefined) return false;
  const looked = await peekAt(wire, new URL(endpoint)).catch(() => undefined);
  return looked !== undefined && WANTS_POST.has(looked.status);
}

function registration({ server, stored, typed }: SignInExamination, { issuer }: Discovered): Finding {
  const { auth, url } = server;
  const given = givenClient(auth, issuer, stored.credentials);
  const { credentials } = stored;
  const isSame = credentials?.issuer?.issuer === issuer.issuer;
  const known = given ?? (isSame ? credentials?.client : undefined);
  const redirectUri = redirectOf(auth, known, url).uri;
  return registrationFinding({
    client: known,
    place: shown(issuer.issuer),
    registers: issuer.registration_endpoint !== undefined,
    redirectUri,
    redirects: auth.grant === 'browser',
    login: (more) => again('login', typed, more),
    platform: process.platform,
  });
}

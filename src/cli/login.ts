/** `mcp-proxy login <url>`: signs in from a terminal, also where the browser is on another machine. */
import { demandOf, NO_CHALLENGE } from '../auth/challenge.ts';
import { bearerOf, credentialsName } from '../auth/credentials.ts';
import { discover } from '../auth/discover.ts';
import { UserSaidNo } from '../auth/failures.ts';
import { Auth } from '../auth/fetch.ts';
import { openAuthorizer, openVault } from '../auth/open.ts';
import type { Config } from '../config.ts';
import { Cancellation } from '../core/cancel.ts';
import type { Fetch, HttpResponse } from '../core/fetch.ts';
import type { Log } from '../core/ports.ts';
import { type Redact, showUrl } from '../core/redact.ts';
import { SignInState } from '../core/sign-in.ts';
import { ProxyError } from '../errors.ts';
import type { HttpClient } from '../upstream/http.ts';
import { PasteBack } from './paste-back.ts';
import { openPlace } from './place.ts';

export interface CommandContext {
  readonly log: Log;
  /** Hides the secrets of the arguments. */
  readonly redact: Redact;
  readonly version: string;
  /** Writes one line on stdout. */
  readonly print: (line: string) => void;
}

/** What is asked without being signed in: harmless everywhere, and looked at by nobody who wants a sign-in first. */
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** Signs in, unless somebody has or nobody has to. Rejects with a ProxyError that says why it did not work. */
export async function login(config: Config, { log, redact, version, print }: CommandContext): Promise<void> {
  const { options, http } = await openPlace(config, log, version, redact);
  const where = showUrl(config.url);
  const name = credentialsName(config.url, config.auth.resource, config.auth.profile);
  const vault = openVault(options, name);
  const isSignedIn = (): boolean => vault.read()?.tokens !== undefined;
  try {
    const wasSignedIn = isSignedIn();
    const response = await ask(new Auth(options).fetch, config.url);
    if (response.status !== 401 && isSignedIn()) {
      print(wasSignedIn ? `already signed in to ${where}` : `signed in to ${where}`);
      return;
    }
    const demand = demandOf(response, false);
    if (demand.kind === 'nothing' && !(await canSignIn(config, http))) {
      print(`${where} asks for no sign-in`);
      return;
    }
    const challenge = demand.kind === 'nothing' ? NO_CHALLENGE : demand.challenge;
    const state = new SignInState();
    const pasteBack = new PasteBack({ vault, config: config.auth, fetch: http.fetch, log });
    state.watch(() => {
      if (state.pending?.url !== undefined && state.pending.userCode === undefined) pasteBack.open();
    });
    const authorizer = openAuthorizer(options, name, state);
    const refused = bearerOf(vault.read());
    try {
      // Not `fresh`: however new the token is that was refused, this user has asked for another one.
      await authorizer.obtain({
        refused,
        fresh: false,
        unreadable: false,
        challenge,
        stepUp: false,
        interactive: true,
      });
    } catch (error) {
      throw withWayOn(error);
    } finally {
      pasteBack.close();
    }
    print(`signed in to ${where}`);
  } finally {
    http.close();
  }
}

/** Whether a server that answered a stranger says where to sign in all the same: some ask only for what matters. */
async function canSignIn({ url, auth }: Config, { fetch }: HttpClient): Promise<boolean> {
  const wire = { fetch, server: url, signal: new Cancellation() };
  return (await discover(wire, NO_CHALLENGE, auth.resource)).issuer.assumed !== true;
}

/** The answer of the server to whoever is signed in now. Rejects when it is in no state to say. */
async function ask(fetch: Fetch, url: URL): Promise<HttpResponse> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const body = [Buffer.from(PING)];
  const response = await fetch({ method: 'POST', url, headers, body, repeatable: true, probe: true });
  response.body.destroy();
  const { status } = response;
  if (status !== 429 && status < 500) return response;
  throw new ProxyError('failed', `${showUrl(url)} answers HTTP ${status}`, {
    httpStatus: status,
    hint: 'the server has trouble of its own; try again later',
  });
}

/** What went wrong, and at least that it can be tried again. */
function withWayOn(error: unknown): unknown {
  const isForCalls = error instanceof UserSaidNo;
  if (!(error instanceof ProxyError) || (error.data.hint !== undefined && !isForCalls)) return error;
  return new ProxyError(error.code, error.message, { ...error.data, hint: 'the same command tries it again' }, error);
}

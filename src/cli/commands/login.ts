/** `mcp-proxy login <url>`: signs in from a terminal, also where the browser is on another machine. */

import { openAuthorizer, openVault } from '../../auth/assemble.ts';
import { demandOf, NO_CHALLENGE } from '../../auth/challenge.ts';
import { UserDidNotSignIn } from '../../auth/failures.ts';
import { Auth } from '../../auth/fetch.ts';
import { discover } from '../../auth/oauth/discover.ts';
import type { AuthOptions } from '../../auth/options.ts';
import { bearerOf, credentialsName } from '../../auth/vault/credentials.ts';
import type { HttpServer } from '../../config.ts';
import { Cancellation } from '../../core/cancel.ts';
import type { HttpResponse } from '../../core/fetch.ts';
import type { Log } from '../../core/ports.ts';
import { showUrl } from '../../core/redact.ts';
import { SignInState } from '../../core/sign-in.ts';
import { ProxyError } from '../../errors.ts';
import { openPlace } from '../sign-in-parts.ts';
import type { CommandContext } from './context.ts';
import { askServer } from './endpoint-check.ts';
import { PasteBack } from './paste-back.ts';

const TRY_AGAIN = { hint: 'run the same command again' } as const;

/**
 * Signs in, unless the user is signed in already or the server needs no sign-in. Rejects with a ProxyError that says
 * why it failed.
 */
export async function login(server: HttpServer, context: CommandContext): Promise<void> {
  const { log, progress, print } = context;
  progress.step('asking the server');
  const { options, http } = await openPlace(server, context);
  const where = showUrl(server.url);
  const name = credentialsName(server.url, server.auth.resource, server.auth.profile);
  const vault = openVault(options, name);
  const isSignedIn = async (): Promise<boolean> => (await vault.read())?.tokens !== undefined;
  try {
    const wasSignedIn = await isSignedIn();
    const response = await askServer(new Auth(options).fetch, server.url);
    refuseTrouble(response, where);
    if (response.status !== 401 && (await isSignedIn())) {
      print(wasSignedIn ? `already signed in to ${where}` : `signed in to ${where}`);
      return;
    }
    const demand = demandOf(response, { inSession: false });
    if (demand.kind === 'nothing' && !(await canSignIn(options))) {
      print(`${where} does not ask for a sign-in`);
      return;
    }
    progress.step('preparing the sign-in');
    const challenge = demand.kind === 'nothing' ? NO_CHALLENGE : demand.challenge;
    await checkWritable(options, name);
    const state = new SignInState();
    const pasteBack = new PasteBack({ vault, config: server.auth, fetch: http.fetch, log });
    const shown = afterPage(log, () => {
      // From now on, the user does something and the program waits.
      progress.end();
      if (state.pending?.userCode === undefined) pasteBack.open();
      if (process.stderr.isTTY) log.info('waiting for the sign-in; press Ctrl-C to give up');
    });
    const authorizer = openAuthorizer({ ...options, log: shown }, name, state);
    const refused = bearerOf(await vault.read());
    try {
      // Not `fresh`: however new the refused token is, this user has asked for another one.
      await authorizer.obtain({
        refused,
        fresh: false,
        unreadable: false,
        challenge,
        stepUp: false,
        purpose: 'call',
        interactive: true,
      });
    } catch (error) {
      throw withWayOn(error);
    } finally {
      pasteBack.close();
    }
    if (!(await isSignedIn()))
      throw new ProxyError('internal', `the sign-in to ${where} could not be stored`, TRY_AGAIN);
    progress.step('checking the sign-in');
    // A gateway may require a sign-in whatever is behind it.
    await askServer(new Auth(options).fetch, server.url);
    print(`signed in to ${where}`);
  } finally {
    http.close();
  }
}

/**
 * Whether a server that answered without a sign-in still says where to sign in: some require it only for certain
 * requests.
 */
async function canSignIn({ server, config, fetch, addresses }: AuthOptions): Promise<boolean> {
  const wire = { fetch, addresses, server, signal: new Cancellation() };
  try {
    return (await discover(wire, NO_CHALLENGE, config.resource)).issuer.assumed !== true;
  } catch (error) {
    // An open server may fail at every path that it does not know.
    if (error instanceof ProxyError && error.code === 'no-sign-in') return false;
    throw error;
  }
}

/** Rejects when an error at the server hides whether it requires a sign-in. */
function refuseTrouble({ status }: HttpResponse, where: string): void {
  if (status !== 429 && status < 500) return;
  throw new ProxyError('failed', `${where} answers HTTP ${status}`, {
    httpStatus: status,
    hint: 'the server failed or limits requests; try again later',
  });
}

/** Rejects when the program cannot store a sign-in, before it sends the user to any page. */
async function checkWritable({ store, folder }: AuthOptions, name: string): Promise<void> {
  if (folder === undefined) {
    const hint = 'set HOME (on Windows: LOCALAPPDATA) to a folder that this user can write to';
    throw new ProxyError('internal', 'there is no folder to store the sign-in in', { hint });
  }
  await store.write(`${name}.check`, '');
  await store.remove(`${name}.check`);
}

/** A log that calls `shown` after it has shown the sign-in page. */
function afterPage(log: Log, shown: () => void): Log {
  const then =
    (write: Log['info']): Log['info'] =>
    (line, url) => {
      write(line, url);
      if (url !== undefined) shown();
    };
  return { ...log, info: then(log.info), warn: then(log.warn) };
}

/** The same error, with a hint to try again if it has none. */
function withWayOn(error: unknown): unknown {
  const isForCalls = error instanceof UserDidNotSignIn;
  if (!(error instanceof ProxyError) || (error.data.hint !== undefined && !isForCalls)) return error;
  return new ProxyError(error.code, error.message, { ...error.data, ...TRY_AGAIN }, error);
}

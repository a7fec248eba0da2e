/**
 * One sign-in by browser: listens for the answer, opens the page once, and waits. The proxy stores the sign-in, so that
 * when this process ends, another one can continue it from the same tab.
 */
import type { AuthConfig } from '../../config.ts';
import { showUrl } from '../../core/redact.ts';
import { checkBrowserUrl, openBrowser } from '../../platform/browser.ts';
import { givenClient, register } from '../oauth/client-registration.ts';
import {
  authorizationUrl,
  newSecrets,
  pageOf,
  resourceToSend,
  type Secrets,
  type SignInRequest,
} from '../oauth/code-flow.ts';
import { type FetchContext, peekAt } from '../oauth/library.ts';
import { type ClientRecord, type Credentials, type Issuer, isForUs } from '../vault/credentials.ts';
import { LONGEST_SIGN_IN, type PendingRecord, wait } from '../vault/vault.ts';
import { BrowserAnswer } from './awaited-answer.ts';
import { type CallbackListenOptions, listenIfFree, listenOnOneOf } from './callback-port.ts';
import type { SignInContext } from './context.ts';
import { addressOf, mayUse, portsOf, type RedirectAddress, redirectOf, redirectUriAt } from './redirect-uri.ts';

/** How long after an unfinished tab the proxy opens no other one, in milliseconds. */
const NEXT_TAB = 60 * 60_000;

/**
 * Signs the user in. The caller must hold the lock. Resolves with the credentials once they are stored. Rejects with a
 * ProxyError `unauthorized` when the user or the server refused.
 */
export async function signInByBrowser(
  context: SignInContext,
  wanted: SignInRequest,
  stored: Credentials | undefined,
): Promise<Credentials> {
  const begun = await context.vault.fresh();
  if (begun && isFor(begun, wanted, context.config)) {
    const taken = await takeOver(context, begun);
    if (taken) return taken;
  }
  return begin(context, wanted, stored, await context.vault.pending());
}

/** Whether a sign-in in progress would grant what is wanted now, to the client that is configured now. */
function isFor(pending: PendingRecord, { issuer, scope, resource }: SignInRequest, config: AuthConfig): boolean {
  return (
    pending.userCode === undefined &&
    pending.issuer.issuer === issuer.issuer &&
    pending.scope === scope &&
    pending.resource === resourceToSend(config, issuer, resource) &&
    isForUs(pending, config) &&
    (config.callbackPort === undefined || config.callbackPort === pending.port)
  );
}

/** Continues a sign-in whose tab another process has opened; undefined when its port is not available. */
async function takeOver(context: SignInContext, pending: PendingRecord): Promise<Credentials | undefined> {
  const { wire, config, log } = context;
  const answer = new BrowserAnswer(context, pending);
  const listener = listenerFor(context, answer, addressOf(pending.redirectUri, config), pending.state);
  // The previous owner of the port may just be ending.
  for (let attempt = 0; attempt < 10; attempt++) {
    const callback = await listenIfFree(pending.port, listener);
    if (callback) {
      if (!(await isKnown(wire, pending.client, new URL(pending.url), pending.redirectUri))) {
        await callback.close();
        return undefined;
      }
      log.info('the sign-in of another mcp-proxy goes on here:', pending.url);
      return answer.wait(callback, pending.startedAt + LONGEST_SIGN_IN - Date.now());
    }
    await wait(200, wire.signal);
  }
  return undefined;
}

/** Begins a new sign-in. `last` is an unfinished one. */
async function begin(
  context: SignInContext,
  wanted: SignInRequest,
  stored: Credentials | undefined,
  last: PendingRecord | undefined,
): Promise<Credentials> {
  const { config, wire, vault } = context;
  const { issuer } = wanted;
  // Do not register a client for a sign-in that cannot begin.
  pageOf(issuer);
  const known = givenClient(config, issuer, stored) ?? registeredWith(stored, issuer) ?? registeredWith(last, issuer);
  const secrets = newSecrets();
  const answer = new BrowserAnswer(context);
  const redirect = redirectOf(config, known, wire.server);
  const callback = await listenOnOneOf(portsOf(redirect), listenerFor(context, answer, redirect, secrets.state));
  try {
    const redirectUri = redirectUriAt(redirect, callback.port);
    const request = await requestFor(context, wanted, known, redirectUri, secrets);
    const opensTab = Date.now() - (last?.openedAt ?? 0) >= NEXT_TAB;
    const openedAt = opensTab ? Date.now() : (last?.openedAt ?? 0);
    const { port } = callback;
    const record = recordOf(config, wanted, { ...request, ...secrets, redirectUri, port, openedAt });
    // Stored before the tab opens, so that a process that takes over knows of it.
    await vault.keepPending(record);
    answer.expect(record);
    const outcome = answer.wait(callback, LONGEST_SIGN_IN);
    // A user whom the server already knows may be back before the browser reports that it has started.
    await Promise.race([opensTab ? openTab(context, record.url) : showLink(context, record.url), outcome]);
    return await outcome;
  } catch (error) {
    await callback.close();
    throw error;
  }
}

/** The registration from an earlier sign-in, if it is for this authorization server. */
function registeredWith(
  earlier: Pick<Credentials, 'client' | 'issuer'> | undefined,
  { issuer }: Issuer,
): ClientRecord | undefined {
  if (!earlier || earlier.issuer?.issuer !== issuer) return undefined;
  return earlier.client?.source === 'registered' ? earlier.client : undefined;
}

function listenerFor(
  { wire }: SignInContext,
  answer: BrowserAnswer,
  { host, path }: RedirectAddress,
  state: string,
): CallbackListenOptions {
  return { host, path, state, server: showUrl(wire.server), finish: (parameters) => answer.finish(parameters) };
}

/** An authorization request and its client. */
interface AuthorizationRequest {
  readonly client: ClientRecord;
  readonly url: string;
}

/** Makes the authorization request, for the known client or for one that it registers. */
async function requestFor(
  { wire, config, log }: SignInContext,
  wanted: SignInRequest,
  known: ClientRecord | undefined,
  redirectUri: string,
  secrets: Secrets,
): Promise<AuthorizationRequest> {
  const make = async (client: ClientRecord): Promise<AuthorizationRequest> => {
    const url = await authorizationUrl(config, wanted, client, redirectUri, secrets);
    return { client, url: checkBrowserUrl(url.href).href };
  };
  const makeForNew = async (): Promise<AuthorizationRequest> =>
    make(await register(wire, config, wanted.issuer, redirectUri, wanted.scope));
  if (!known || !mayUse(known, redirectUri)) return makeForNew();
  const request = await make(known);
  if (wanted.clientIsKnown || (await isKnown(wire, known, new URL(request.url), redirectUri))) return request;
  log.info('the server has forgotten this client; registering it again');
  return makeForNew();
}

type Begun = AuthorizationRequest & Secrets & Pick<PendingRecord, 'redirectUri' | 'port' | 'openedAt'>;

/** The record of a sign-in in progress, so that this or another process can finish it. */
function recordOf(config: AuthConfig, { issuer, resource, scope }: SignInRequest, begun: Begun): PendingRecord {
  const sent = resourceToSend(config, issuer, resource);
  return {
    version: 1,
    ...begun,
    issuer,
    ...(sent !== undefined && { resource: sent }),
    ...(scope !== undefined && { scope }),
    startedAt: Date.now(),
  };
}

/**
 * Whether the authorization server still knows a client that it registered a while ago. A server that does not tells
 * only the user, on a page of its own, so the proxy asks the server before it asks the user.
 */
async function isKnown(wire: FetchContext, { source }: ClientRecord, url: URL, redirectUri: string): Promise<boolean> {
  if (source !== 'registered') return true;
  try {
    const { status, location } = await peekAt(wire, url);
    if (status >= 400 && status < 500 && status !== 405 && status !== 429) return false;
    if (location === undefined || !location.startsWith(redirectUri)) return true;
    const error = new URL(location).searchParams.get('error');
    return error !== 'invalid_client' && error !== 'unauthorized_client';
  } catch {
    // A server that cannot be reached will tell the user.
    return true;
  }
}

/** Opens the page in a browser. Without a browser, the user gets the link. */
async function openTab(context: SignInContext, url: string): Promise<void> {
  const opened = await openBrowser(new URL(url), context.env);
  if (opened === 'opened') context.log.info('sign in on the page that just opened in your browser, or at', url);
  else showLink(context, url);
}

function showLink({ log }: SignInContext, url: string): void {
  log.warn('sign in here:', url);
}

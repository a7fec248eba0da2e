/**
 * One sign-in by browser: listens for the answer, opens the page once, and waits. What was
 * begun is kept, so that another process goes on with it from the same tab when this one ends.
 */
import { type AuthConfig, isLoopback } from '../config.ts';
import type { Log } from '../core/ports.ts';
import { printable, type Redact, showUrl } from '../core/redact.ts';
import type { SignInState } from '../core/sign-in.ts';
import { ProxyError } from '../errors.ts';
import { checkBrowserUrl, openBrowser } from './browser.ts';
import { askForPort, type Callback, type CallbackOptions, listenForCallback, type Verdict } from './callback.ts';
import { givenClient, register } from './clients.ts';
import { authorizationUrl, newSecrets, pageOf, redeem, resourceToSend, type Wanted } from './code-flow.ts';
import { type ClientRecord, type Credentials, isForUs } from './credentials.ts';
import { UserSaidNo } from './failures.ts';
import { OAuthError, peekAt, type Wire } from './protocol.ts';
import { onlyIfTaken, portTaken, type Redirect, redirectOf, withPort } from './redirect.ts';
import { refusalHint } from './refusal-hint.ts';
import { LONGEST_SIGN_IN, type PendingRecord, type Vault, wait } from './vault.ts';

/** A tab that nobody finished is not followed by another one before this; in milliseconds. */
const NEXT_TAB = 60 * 60_000;

export interface SignInContext {
  readonly wire: Wire;
  readonly config: AuthConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly vault: Vault;
  readonly state: SignInState;
  readonly log: Log;
  readonly redact: Redact;
}

/**
 * Signs the user in; to be called with the lock. Resolves with the credentials once they are
 * stored. Rejects with a ProxyError `unauthorized` when the user or the server said no.
 */
export async function signInByBrowser(
  context: SignInContext,
  wanted: Wanted,
  stored: Credentials | undefined,
): Promise<Credentials> {
  const begun = context.vault.fresh();
  if (begun && isFor(begun, wanted, context.config)) {
    const taken = await takeOver(context, begun);
    if (taken) return taken;
  }
  return begin(context, wanted, stored, context.vault.pending());
}

/** Whether a sign-in that was begun would grant what is wanted now, to the client that is configured now. */
function isFor(pending: PendingRecord, { issuer, scope, resource }: Wanted, config: AuthConfig): boolean {
  return (
    pending.userCode === undefined &&
    pending.issuer.issuer === issuer.issuer &&
    pending.scope === scope &&
    pending.resource === resourceToSend(config, issuer, resource) &&
    isForUs(pending, config) &&
    (config.callbackPort === undefined || config.callbackPort === pending.port)
  );
}

/** Goes on with a sign-in whose tab another process has opened; undefined when its port is not to be had. */
async function takeOver(context: SignInContext, pending: PendingRecord): Promise<Credentials | undefined> {
  const answer = new Answer(context, pending);
  // The last owner may just be ending.
  for (let attempt = 0; attempt < 10; attempt++) {
    const callback = await answer.listen(pending.port).catch(onlyIfTaken);
    if (callback) {
      if (!(await isKnown(context.wire, pending.client, new URL(pending.url), pending.redirectUri))) {
        await callback.close();
        return undefined;
      }
      context.log.info('the sign-in of another mcp-proxy goes on here:', pending.url);
      return answer.wait(callback, pending.startedAt + LONGEST_SIGN_IN - Date.now());
    }
    await wait(200, context.wire.signal);
  }
  return undefined;
}

/** Begins a new sign-in; `last` is one that nobody finished. */
async function begin(
  context: SignInContext,
  wanted: Wanted,
  stored: Credentials | undefined,
  last: PendingRecord | undefined,
): Promise<Credentials> {
  const { config, wire, vault } = context;
  const { issuer } = wanted;
  // Do not register a client for a sign-in that cannot begin.
  pageOf(issuer);
  const given = givenClient(config, issuer, stored);
  const known = given ?? registeredWith(stored, wanted) ?? registeredWith(last, wanted);
  const mayOpen = Date.now() - (last?.openedAt ?? 0) >= NEXT_TAB;
  const secrets = newSecrets();
  const answer = new Answer(context);
  const preferred = redirectOf(config, known, wire.server);
  const callback = await answer.listen(preferred.port, preferred, secrets.state).catch(async (error) => {
    const taken = onlyIfTaken(error);
    if (preferred.fixed) throw await portTaken(preferred.port);
    return taken ?? answer.listen(0, preferred, secrets.state);
  });
  try {
    const redirectUri = preferred.fixed ? preferred.uri : withPort(preferred.uri, callback.port);
    const make = async (client: ClientRecord): Promise<URL> =>
      checkBrowserUrl((await authorizationUrl(config, wanted, client, redirectUri, secrets)).href);
    let client = given ?? (known?.redirectUri === redirectUri ? known : undefined);
    client ??= await register(wire, config, issuer, redirectUri, wanted.scope);
    let url = await make(client);
    if (client === known && !wanted.clientIsKnown && !(await isKnown(wire, client, url, redirectUri))) {
      context.log.info('the server has forgotten this client; registering it again');
      client = await register(wire, config, issuer, redirectUri, wanted.scope);
      url = await make(client);
    }
    const resource = resourceToSend(config, issuer, wanted.resource);
    const record: PendingRecord = {
      version: 1,
      url: url.href,
      ...secrets,
      redirectUri,
      port: callback.port,
      issuer,
      client,
      ...(resource !== undefined && { resource }),
      ...(wanted.scope !== undefined && { scope: wanted.scope }),
      startedAt: Date.now(),
      openedAt: mayOpen ? Date.now() : (last?.openedAt ?? 0),
    };
    // Stored before the tab is there, so that whoever follows knows of it.
    await vault.keepPending(record);
    answer.expect(record);
    const outcome = answer.wait(callback, LONGEST_SIGN_IN);
    // Whoever is known to the server already may be back before the browser has reported that it has started.
    await Promise.race([present(context, url, mayOpen), outcome]);
    return await outcome;
  } catch (error) {
    await callback.close();
    throw error;
  }
}

/** The registration of the last sign-in, where it is one of this authorization server. */
function registeredWith(
  stored: Pick<Credentials, 'client' | 'issuer'> | undefined,
  { issuer }: Wanted,
): ClientRecord | undefined {
  return stored?.client?.source === 'registered' && stored.issuer?.issuer === issuer.issuer ? stored.client : undefined;
}

/**
 * Whether the authorization server still knows a client that it registered a while ago. Servers
 * tell the user only, on a page of theirs, that they do not; so they are asked before the user is.
 */
async function isKnown(wire: Wire, { source }: ClientRecord, url: URL, redirectUri: string): Promise<boolean> {
  if (source !== 'registered') return true;
  try {
    const { status, location } = await peekAt(wire, url);
    if (status >= 400 && status < 500 && status !== 405 && status !== 429) return false;
    if (location === undefined || !location.startsWith(redirectUri)) return true;
    const error = new URL(location).searchParams.get('error');
    return error !== 'invalid_client' && error !== 'unauthorized_client';
  } catch {
    // Who cannot be asked will tell the user.
    return true;
  }
}

/** Shows the page to the user: in a browser where there is one, and in any case to whoever reads along. */
async function present({ env, log, state }: SignInContext, url: URL, mayOpen: boolean): Promise<void> {
  state.pending = { url: url.href };
  const opened = mayOpen ? await openBrowser(url, env) : 'none';
  if (opened === 'opened') log.info('sign in on the page that just opened in your browser, or at', url.href);
  else log.warn('sign in here:', url.href);
}

/** The one answer to a sign-in, on its way from the browser to the vault. */
class Answer {
  readonly #context: SignInContext;
  #record: PendingRecord | undefined;
  #settle: ((outcome: Credentials | Error) => void) | undefined;
  readonly #settled: Promise<Credentials | Error>;

  constructor(context: SignInContext, record?: PendingRecord) {
    this.#context = context;
    this.#record = record;
    this.#settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  expect(record: PendingRecord): void {
    this.#record = record;
  }

  async listen(port: number, redirect?: Redirect, state?: string): Promise<Callback> {
    const record = this.#record;
    const url = new URL(record?.redirectUri ?? 'http://localhost/');
    const options: CallbackOptions = {
      port,
      path: redirect?.path ?? (isLoopback(url.hostname) ? url.pathname : this.#context.config.callbackPath),
      host: redirect?.host ?? url.hostname,
      server: showUrl(this.#context.wire.server),
      state: state ?? record?.state ?? '',
      finish: (answer) => this.#finish(answer),
    };
    return listenForCallback(options).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      // The previous sign-in may still hold the port, for reloads of its page.
      await askForPort(port);
      return listenForCallback(options);
    });
  }

  /** Waits for the answer, and closes the listener whatever comes. */
  async wait(callback: Callback, limit: number): Promise<Credentials> {
    const { signal } = this.#context.wire;
    const record = this.#record;
    if (record) this.#context.state.pending = { url: record.url };
    const late = new UserSaidNo('unauthorized', 'nobody finished the sign-in', {
      hint: 'the next call begins a new one',
    });
    try {
      const outcome = await Promise.race([this.#settled, wait(limit, signal).then(() => late)]);
      if (outcome instanceof Error) throw outcome;
      callback.linger(signal);
      return outcome;
    } catch (error) {
      await callback.close();
      throw error;
    } finally {
      this.#context.state.pending = undefined;
    }
  }

  async #finish(answer: URLSearchParams): Promise<Verdict> {
    const { wire, config, vault } = this.#context;
    const record = this.#record;
    if (!record) return { page: 'failed', reason: 'The sign-in is not ready yet. Try again in a moment.' };
    try {
      const { tokens, client } = await redeem(wire, config, record, answer);
      const { profile } = config;
      const stored = await vault.update({
        url: `${wire.server.origin}${wire.server.pathname}`,
        ...(profile !== undefined && { profile }),
        issuer: record.issuer,
        client,
        ...(record.resource !== undefined && { resource: record.resource }),
        ...(record.scope !== undefined && { scope: record.scope }),
        tokens,
      });
      await vault.forgetPending();
      this.#settle?.(stored);
      return { page: 'signed-in' };
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #failed(error: unknown): Promise<Verdict> {
    await this.#forget(error).catch(() => {});
    const denied = error instanceof OAuthError && error.error === 'access_denied';
    const where = showUrl(this.#context.wire.server);
    const message = denied ? `the sign-in to ${where} was denied` : `the sign-in to ${where} failed`;
    const reason = error instanceof Error ? printable(this.#context.redact(error.message), 300) : 'unknown error';
    const hint = denied ? 'the next call asks again' : this.#hintFor(error);
    const told = denied ? message : `${message}: ${reason}`;
    const Kind = denied ? UserSaidNo : ProxyError;
    this.#settle?.(new Kind('unauthorized', told, hint ? { hint } : {}, error));
    if (denied) return { page: 'denied', said: error.description && this.#context.redact(error.description) };
    if (error instanceof OAuthError) return { page: 'failed', said: reason };
    return { page: 'failed', reason: hint === undefined ? reason : `${reason} (${hint})` };
  }

  #hintFor(error: unknown): string | undefined {
    if (error instanceof OAuthError) return refusalHint(error, this.#context.config);
    return error instanceof ProxyError ? error.data.hint : undefined;
  }

  /** What was begun cannot be gone on with; nor can a client that its server does not know any more. */
  async #forget(error: unknown): Promise<void> {
    const { vault } = this.#context;
    await vault.forgetPending();
    const stored = vault.read();
    const unknown = error instanceof OAuthError && /^(invalid|unauthorized)_client$/.test(error.error);
    if (!unknown || stored?.client?.source !== 'registered') return;
    const { client: _, ...rest } = stored;
    await vault.replace(stored, rest);
  }
}

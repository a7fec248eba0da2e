/**
 * Gets credentials when the client has none or the server refuses them: credentials that another process has stored,
 * a refresh, or a sign-in. One of each runs at a time, however many requests and processes need it.
 */
import type { AuthConfig } from '../config.ts';
import { Cancellation } from '../core/cancel.ts';
import type { Fetch, Purpose } from '../core/fetch.ts';
import type { Env, Log } from '../core/ports.ts';
import { type Redact, showUrl } from '../core/redact.ts';
import type { SignInState } from '../core/sign-in.ts';
import { QuietPeriod } from '../core/timer.ts';
import { EndedByProxy, ProxyError, WaitsForUser } from '../errors.ts';
import type { Challenge } from './challenge.ts';
import { asProxyError, pauseAfter, UserDidNotSignIn } from './failures.ts';
import { discover } from './oauth/discover.ts';
import type { FetchContext } from './oauth/library.ts';
import { isSameIssuer, quirksOf } from './oauth/providers.ts';
import { covers } from './oauth/scopes.ts';
import { refreshStored } from './refresh.ts';
import type { RefreshElsewhere } from './refresh-process.ts';
import { storeHint } from './sign-in/no-browser-hint.ts';
import { signIn } from './sign-in/sign-in.ts';
import { bearerOf, type Credentials, isForUs, isStale } from './vault/credentials.ts';
import type { PendingRecord, Vault } from './vault/vault.ts';

/** If the server refuses a token of this age, it was never valid, and another one would not be either; in milliseconds. */
const JUST_ISSUED = 60_000;
/** Requests in a session that no client waits for. */
const IN_SESSION: ReadonlySet<Purpose> = new Set(['own', 'stream', 'notification']);
/** After this, a user who waits for another process is told so, even if that process shows no page; in milliseconds. */
const TELL_AFTER = 3_000;

/** Why a request needs credentials. */
export interface Need {
  /** The bearer that the server refused, or that expires soon; undefined when there was none. */
  readonly refused: string | undefined;
  /** Whether the server has never accepted it. */
  readonly fresh: boolean;
  /** The server could not even read the token, because it is too large or malformed. */
  readonly unreadable: boolean;
  readonly challenge: Challenge;
  /** The token is valid, but its scopes are not enough. */
  readonly stepUp: boolean;
  /** Whether the proxy may ask the user to do something for it. */
  readonly interactive: boolean;
  readonly purpose: Purpose;
}

/** A sign-in in progress. */
interface SigningIn {
  readonly done: Promise<Credentials>;
  /** Whether it has failed, and is about to end. */
  hasFailed: boolean;
}

export interface AuthorizerOptions {
  readonly server: URL;
  readonly config: AuthConfig;
  readonly fetch: Fetch;
  readonly addresses?: FetchContext['addresses'];
  /** With the lock for sign-ins. */
  readonly vault: Vault;
  /** The same credentials with the lock for refreshes: a sign-in that waits for its user does not block a refresh. */
  readonly renewals: Vault;
  readonly env: Env;
  /** The folder of the credentials, to show to the user. */
  readonly folder: string | undefined;
  readonly state: SignInState;
  readonly log: Log;
  readonly redact: Redact;
  /**
   * Refreshes the stored credentials with that serial in a separate process, which survives this one: an answer that is
   * never stored would cost the whole grant. Resolves when that process has ended, with false if it could not even be
   * started; rejects with the error that it reported. Undefined where no such process is possible.
   */
  readonly apart: () => RefreshElsewhere | undefined;
  readonly hopeless?: ((error: ProxyError) => void) | undefined;
}

export class Authorizer {
  readonly #options: AuthorizerOptions;
  #closing = new Cancellation();
  #closed = false;
  #refreshing: Promise<Credentials | undefined> | undefined;
  #signingIn: SigningIn | undefined;
  /** The bearer from the last sign-in of this process. */
  #byUser: string | undefined;
  /** The page of another process that the log has shown last. */
  #told: string | undefined;
  /** How many sign-ins were completed when the log last said that the sign-in has ended. */
  #ended: number | undefined;
  /** The number of failures in a row. */
  #failures = 0;
  /** The number of sign-ins in a row that the user has declined. */
  #denials = 0;
  /** The time in which failures rule out another attempt. */
  readonly #quiet = new QuietPeriod();
  #lastFailure: Error | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  get #wire(): FetchContext {
    const { fetch, server, addresses } = this.#options;
    return { fetch, server, addresses, signal: this.#closing };
  }

  /** Resolves with credentials other than the refused ones; rejects with a ProxyError that says what to do. */
  async obtain(need: Need): Promise<Credentials> {
    // A session that ends with the proxy may still need a refresh.
    if (this.#closing.aborted && need.purpose === 'end') this.#closing = new Cancellation();
    const stored = await this.#options.vault.read();
    if (this.#isBetter(stored, need)) return stored;
    if (this.#quiet.left > 0) throw this.#lastFailure;
    const refreshed = need.stepUp ? undefined : await this.#noted(this.#withoutUser(need, stored));
    return refreshed ?? this.#withUser(need);
  }

  /** Gives up all work in progress. Keeps what another process can continue. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.abort(new EndedByProxy('unauthorized', 'the proxy ended before the sign-in was complete'));
    await Promise.allSettled([this.#refreshing, this.#signingIn]);
  }

  /** The stored credentials, if they are newer than the refused ones and good enough. */
  async #better(need: Need): Promise<Credentials | undefined> {
    const stored = await this.#options.vault.read();
    return this.#isBetter(stored, need) ? stored : undefined;
  }

  #isBetter(stored: Credentials | undefined, need: Need): stored is Credentials {
    const bearer = bearerOf(stored);
    if (!stored?.tokens || bearer === undefined || bearer === need.refused) return false;
    if (!isForUs(stored, this.#options.config) || isStale(stored.tokens, Date.now())) return false;
    return !need.stepUp || covers(stored.tokens.scope ?? stored.scope, need.challenge.scope);
  }

  /** The credentials that the proxy can get without the user; undefined when it can get none. */
  async #withoutUser(need: Need, stored: Credentials | undefined): Promise<Credentials | undefined> {
    const { config, server } = this.#options;
    if (!stored?.tokens || !isForUs(stored, config)) return undefined;
    if (need.fresh) {
      const byIdToken = await this.#byIdToken(stored);
      if (byIdToken) return byIdToken;
      if (isJustIssued(stored, need.refused)) {
        // If refreshed tokens are unreadable to the server, a new sign-in may still help: the user may choose otherwise there.
        if (need.unreadable && need.refused !== this.#byUser) return undefined;
        if (await this.#hasMoved(need, stored)) return undefined;
        throw new ProxyError('unauthorized', `${showUrl(server)} refuses tokens that were just issued for it`, {
          hint: 'the server and its authorization server do not agree; tell their operators',
        });
      }
    }
    if (stored.tokens.refreshToken === undefined) return undefined;
    this.#refreshing ??= this.#refreshStored(need).finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
    return this.#better(need);
  }

  /** Refreshes the stored tokens, unless another process does; undefined when the grant is gone. */
  async #refreshStored(need: Need): Promise<Credentials | undefined> {
    const { renewals, apart, config, log } = this.#options;
    const found = await renewals.lockUnless(() => this.#better(need), this.#closing);
    if (found) return found;
    try {
      const stored = await renewals.read();
      if (stored?.tokens?.refreshToken === undefined) return undefined;
      const elsewhere = apart();
      // The proxy may end before it has stored the tokens.
      if (this.#closed && !elsewhere) return undefined;
      // That process goes on when this one ends.
      const started = await Promise.race([elsewhere?.(stored.serial), aborted(this.#closing)]);
      if (started) return this.#better(need);
      return await refreshStored({ wire: this.#wire, config, vault: renewals, log }, stored);
    } finally {
      await renewals.unlock();
    }
  }

  /** Some servers want the provider's ID token instead of its access token. */
  async #byIdToken(stored: Credentials): Promise<Credentials | undefined> {
    const { tokens, issuer } = stored;
    if (!issuer || !tokens?.idToken || tokens.bearer === 'id_token' || !quirksOf(issuer).idTokenAsBearer)
      return undefined;
    return this.#options.vault.replace(stored, { ...stored, tokens: { ...tokens, bearer: 'id_token' } });
  }

  /** Whether the server now names another authorization server than the one that issued the tokens. */
  async #hasMoved({ challenge }: Need, stored: Credentials): Promise<boolean> {
    const before = stored.issuer?.issuer ?? '';
    try {
      const { issuer } = await discover(this.#wire, challenge, this.#options.config.resource);
      return !isSameIssuer(before, issuer.issuer) && !isSameIssuer(issuer.issuer, before);
    } catch {
      // The error about the refused token is more useful than this one.
      return false;
    }
  }

  /** Gets credentials from a user, whom this process asks, or another one is already asking. */
  async #withUser(need: Need): Promise<Credentials> {
    const { config, vault } = this.#options;
    if (!need.interactive && config.grant !== 'client-credentials') {
      const url = (await vault.fresh())?.url;
      if (need.refused !== undefined && url === undefined && IN_SESSION.has(need.purpose)) this.#tellEnd();
      throw this.#needsUser(url);
    }
    while (this.#signingIn) {
      const { done, hasFailed } = this.#signingIn;
      // The user has seen that failure already; this request is for a new attempt.
      await (hasFailed ? done.catch(() => {}) : done);
      // One sign-in serves all requests that wait, unless it was for other scopes.
      const enough = await this.#better(need);
      if (enough) return enough;
    }
    const signingIn: SigningIn = { done: this.#noted(this.#signIn(need)), hasFailed: false };
    this.#signingIn = signingIn;
    try {
      return await signingIn.done;
    } finally {
      this.#signingIn = undefined;
      this.#options.state.pending = undefined;
    }
  }

  async #signIn(need: Need): Promise<Credentials> {
    const { vault, state } = this.#options;
    const waiting = (waited: number): Promise<void> => this.#waitForOthers(waited);
    const found = await vault.lockUnless(() => this.#better(need), this.#closing, waiting);
    try {
      const signedIn = found ?? (await signIn({ ...this.#options, wire: this.#wire }, need, await vault.read()));
      if (!found) this.#byUser = bearerOf(signedIn);
      state.complete();
      return signedIn;
    } catch (error) {
      if (this.#signingIn) this.#signingIn.hasFailed = true;
      state.pending = undefined;
      throw error;
    } finally {
      await vault.unlock();
    }
  }

  /** Shows the sign-in that another process is waiting for. */
  async #waitForOthers(waited: number): Promise<void> {
    const pending = await this.#options.vault.fresh();
    if (pending) this.#tell(pending);
    else if (waited > TELL_AFTER) this.#options.state.pending ??= { url: undefined };
  }

  /** Shows the page that another process waits for: its user may sit here. */
  #tell(pending: PendingRecord): void {
    const { state, log } = this.#options;
    const { url, userCode } = pending;
    state.pending = { url, ...(userCode !== undefined && { userCode }) };
    if (this.#told === url) return;
    this.#told = url;
    log.info(userCode === undefined ? 'sign in here:' : `sign in with the code ${userCode} at`, url);
  }

  /** Warns the user that the next request will open a page: nothing else does. */
  #tellEnd(): void {
    const { state, log, server } = this.#options;
    if (this.#ended === state.completed) return;
    this.#ended = state.completed;
    log.info(`the sign-in to ${showUrl(server)} has ended; the next request of the client begins a new one`);
  }

  #needsUser(url: string | undefined): ProxyError {
    const where = showUrl(this.#options.server);
    const isLogged = url !== undefined && url === this.#options.state.pending?.url;
    const Kind = isLogged ? WaitsForUser : ProxyError;
    return new Kind('sign-in-needed', `${where} asks for a sign-in${url ? `: ${url}` : ''}`, {
      httpStatus: 401,
      ...(url !== undefined && { signIn: url }),
      hint: `the next call will ask you to sign in${storeHint(this.#options.env, this.#options.folder)}`,
    });
  }

  /** Records the outcome, so that a failing authorization server is left alone for a while. */
  async #noted<T>(work: Promise<T>): Promise<T> {
    try {
      const done = await work;
      if (done !== undefined) {
        this.#failures = 0;
        this.#denials = 0;
        this.#quiet.end();
      }
      return done;
    } catch (error) {
      const meant = asProxyError(error, this.#options.server, this.#options.config);
      if (this.#closing.aborted) throw meant;
      // The first denial may be a slip. Repeated ones may come without a user, so fast that tabs pile up.
      if (meant instanceof UserDidNotSignIn && ++this.#denials === 1) throw meant;
      if (meant instanceof ProxyError && meant.code === 'port-taken') this.#options.hopeless?.(meant);
      this.#failures++;
      this.#quiet.begin(pauseAfter(this.#failures, meant));
      this.#lastFailure = meant;
      throw meant;
    }
  }
}

function isJustIssued(stored: Credentials, refused: string | undefined): boolean {
  const { tokens } = stored;
  if (!tokens || bearerOf(stored) !== refused) return false;
  return !isStale(tokens, Date.now()) && Date.now() - tokens.obtainedAt < JUST_ISSUED;
}

function aborted(signal: Cancellation): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

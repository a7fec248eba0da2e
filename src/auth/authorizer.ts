/**
 * Gets credentials when they are missing or no good: those that another process has stored, a
 * refresh, or a sign-in; one of them at a time, however many requests and processes want it.
 */
import type { AuthConfig } from '../config.ts';
import { Cancellation } from '../core/cancel.ts';
import type { Fetch, Log } from '../core/ports.ts';
import { showUrl } from '../core/redact.ts';
import type { SignInState } from '../core/sign-in.ts';
import { ProxyError } from '../errors.ts';
import { type SignInContext, signInByBrowser } from './browser-sign-in.ts';
import type { Challenge } from './challenge.ts';
import { givenClient, register } from './clients.ts';
import { resourceToSend, type Wanted } from './code-flow.ts';
import { bearerOf, type ClientRecord, type Credentials, isStale, type Tokens } from './credentials.ts';
import { byClientCredentials, byDeviceCode } from './direct-grants.ts';
import { discover } from './discover.ts';
import { OAuthError } from './protocol.ts';
import { mannersOf } from './providers.ts';
import { type Refreshed, refresh } from './refresh.ts';
import { covers, scopesToAsk } from './scopes.ts';
import { TokenEndpointFailure } from './tokens.ts';
import type { Vault } from './vault.ts';

/** How long nothing is asked of an authorization server that fails, in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [5_000, 300_000];
/** A token that is refused at this age was no good from the start, and another one would not be either; in milliseconds. */
const JUST_ISSUED = 60_000;

/** Why credentials are wanted. */
export interface Want {
  /** The bearer that was refused, or is about to end; undefined when there was none. */
  readonly refused: string | undefined;
  /** Whether the server has never accepted it. */
  readonly fresh: boolean;
  readonly challenge: Challenge;
  /** The token is good, but its scopes are not enough. */
  readonly stepUp: boolean;
  /** Whether a user may be asked to do something for it. */
  readonly interactive: boolean;
}

export interface AuthorizerOptions {
  readonly server: URL;
  readonly config: AuthConfig;
  readonly fetch: Fetch;
  readonly vault: Vault;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly state: SignInState;
  readonly log: Log;
  /**
   * Renews the stored credentials of that serial in a process of its own, which survives this
   * one: an answer that nobody stored would cost the whole grant. Resolves when that process
   * has ended; rejects with what it reported. Absent where there is no such process.
   */
  readonly renewApart?: ((serial: number) => Promise<void>) | undefined;
  readonly pasted?: SignInContext['pasted'];
  readonly hopeless?: ((error: ProxyError) => void) | undefined;
}

export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #closing = new Cancellation();
  #flight: { readonly interactive: boolean; readonly done: Promise<Credentials> } | undefined;
  /** Failures in a row, and until when nothing is tried again because of them. */
  #failures = 0;
  #notBefore = 0;
  #lastFailure: Error | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** Resolves with credentials other than the refused ones; rejects with a ProxyError `unauthorized` that says what to do. */
  async obtain(want: Want): Promise<Credentials> {
    const stored = this.#better(want);
    if (stored) return stored;
    if (this.#flight && (this.#flight.interactive || !want.interactive)) return this.#flight.done;
    if (this.#flight) {
      await this.#flight.done.catch(() => {});
      return this.obtain(want);
    }
    if (Date.now() < this.#notBefore) throw this.#lastFailure;
    const flight = { interactive: want.interactive, done: this.#fly(want) };
    this.#flight = flight;
    try {
      return await flight.done;
    } finally {
      this.#flight = undefined;
    }
  }

  /** Gives up whatever is under way; what another process can go on with stays. */
  async close(): Promise<void> {
    this.#closing.abort(new ProxyError('unauthorized', 'the proxy has ended before the sign-in'));
    await this.#flight?.done.catch(() => {});
  }

  /** The stored credentials, if they are newer than those that were refused, and good enough. */
  #better(want: Want): Credentials | undefined {
    const stored = this.#options.vault.read();
    const bearer = bearerOf(stored);
    if (!stored?.tokens || bearer === undefined || bearer === want.refused) return undefined;
    if (!isForUs(stored, this.#options.config) || isStale(stored.tokens, Date.now())) return undefined;
    if (want.stepUp && !covers(stored.tokens.scope ?? stored.scope, want.challenge.scope)) return undefined;
    return stored;
  }

  async #fly(want: Want): Promise<Credentials> {
    const { vault } = this.#options;
    try {
      const found = await vault.lockUnless(() => this.#lookAround(want), this.#closing);
      if (found) return this.#succeeded(found);
      try {
        return this.#succeeded(await this.#renew(want));
      } finally {
        await vault.unlock();
      }
    } catch (error) {
      throw this.#failed(error);
    } finally {
      this.#options.state.pending = undefined;
    }
  }

  /** Looks at what other processes have got, and at what they are waiting for. */
  #lookAround(want: Want): Credentials | undefined {
    const better = this.#better(want);
    const pending = better ? undefined : this.#options.vault.pending();
    if (pending && !want.interactive) throw this.#needsUser(pending.url);
    if (pending) this.#options.state.pending = { url: pending.url };
    return better;
  }

  /** Renews or signs in; with the lock. */
  async #renew(want: Want): Promise<Credentials> {
    const { config, vault } = this.#options;
    const stored = vault.read();
    const usable = stored && isForUs(stored, config) ? stored : undefined;
    const idToken = want.fresh && !want.stepUp && (await this.#byIdToken(usable));
    if (idToken) return idToken;
    if (want.fresh && want.refused !== undefined && this.#justIssued(usable)) {
      throw new ProxyError(
        'unauthorized',
        `${showUrl(this.#options.server)} refuses tokens that were just issued for it`,
        {
          hint: 'the server and its authorization server do not agree; tell whoever runs them',
        },
      );
    }
    if (usable?.tokens?.refreshToken !== undefined && !want.stepUp) {
      const renewed = await this.#refresh(usable);
      if (renewed) return renewed;
    }
    if (!want.interactive && config.grant !== 'client-credentials') throw this.#needsUser(undefined);
    return this.#signIn(want, vault.read());
  }

  #justIssued(stored: Credentials | undefined): boolean {
    return stored?.tokens !== undefined && Date.now() - stored.tokens.obtainedAt < JUST_ISSUED;
  }

  /** Some servers want the ID token of their provider in the place of its access token. */
  async #byIdToken(stored: Credentials | undefined): Promise<Credentials | undefined> {
    const tokens = stored?.tokens;
    if (!stored?.issuer || !tokens?.idToken || tokens.bearer === 'id_token') return undefined;
    if (!mannersOf(stored.issuer).idTokenAsBearer) return undefined;
    return this.#options.vault.update(() => ({ ...stored, tokens: { ...tokens, bearer: 'id_token' } }));
  }

  /** Renews the tokens; undefined when the grant is gone. */
  async #refresh(stored: Credentials): Promise<Credentials | undefined> {
    const { vault, renewApart } = this.#options;
    if (!renewApart) return this.refreshHere(stored);
    await renewApart(stored.serial);
    const renewed = vault.read();
    return renewed?.tokens && renewed.serial !== stored.serial ? renewed : undefined;
  }

  /** Renews the tokens in this process; with the lock. Resolves with undefined when the grant is gone, which is noted. */
  async refreshHere(stored: Credentials): Promise<Credentials | undefined> {
    const { vault, config, log } = this.#options;
    const outcome: Refreshed = await refresh({ wire: this.#wire, config }, stored).catch((error: unknown) => {
      throw this.#meaningOf(error);
    });
    if (outcome.kind === 'renewed') {
      log.debug('auth: renewed the tokens');
      return this.#keep(stored, outcome.tokens);
    }
    const { tokens: _, client, ...rest } = stored;
    // Who refused the refresh of a client it does not know will not know it at the next sign-in either.
    const keepsClient = outcome.kind === 'spent' && client !== undefined;
    await vault.update(() => ({ ...rest, ...(keepsClient && { client }) }));
    log.debug(`auth: the stored sign-in is no longer good (${outcome.kind})`);
    return undefined;
  }

  #keep(stored: Credentials, tokens: Tokens): Promise<Credentials> {
    const client = stored.client && { ...stored.client, provenAt: Date.now() };
    return this.#options.vault.update(() => ({ ...stored, ...(client && { client }), tokens }));
  }

  async #signIn(want: Want, stored: Credentials | undefined): Promise<Credentials> {
    const { config, log, state, vault, server } = this.#options;
    log.debug(`auth: ${showUrl(server)} asks for ${want.stepUp ? 'more scopes' : 'a sign-in'}`);
    if (want.interactive && config.grant !== 'client-credentials') state.pending = { url: undefined };
    const { resource, issuer } = await discover(this.#wire, want.challenge, config.resource);
    const manners = mannersOf(issuer);
    const pinned = config.clientInfo?.scope ?? config.clientMetadata.scope;
    const scope = scopesToAsk({
      challenged: want.challenge.scope,
      pinned: typeof pinned === 'string' ? pinned : undefined,
      resource: resource.scopes,
      server: strings(issuer.scopes_supported),
      before: want.stepUp ? [stored?.scope, stored?.tokens?.scope].filter(Boolean).join(' ') : undefined,
      always: manners.scopes,
      withoutOfflineAccess: manners.withoutOfflineAccess || config.grant === 'client-credentials',
    });
    const wanted: Wanted = { issuer, resource: resource.identifier, scope };
    if (config.grant === 'browser') {
      return signInByBrowser({ ...this.#options, wire: this.#wire }, wanted, stored);
    }
    const client = await this.#clientFor(wanted, stored);
    const sent = resourceToSend(config, issuer, resource.identifier);
    const context = { wire: this.#wire, config, issuer, client };
    const asked = { resource: sent, scope };
    const tokens = await (config.grant === 'device-code'
      ? byDeviceCode(context, asked, state, log)
      : byClientCredentials(context, asked));
    const { profile } = config;
    return vault.update(() => ({
      url: `${server.origin}${server.pathname}`,
      ...(profile !== undefined && { profile }),
      issuer,
      client: { ...client, provenAt: Date.now() },
      ...(sent !== undefined && { resource: sent }),
      ...(scope !== undefined && { scope }),
      tokens,
    }));
  }

  async #clientFor({ issuer, scope }: Wanted, stored: Credentials | undefined): Promise<ClientRecord> {
    const { config } = this.#options;
    const given = givenClient(config, issuer, stored);
    if (given) return given;
    const known = stored?.issuer?.issuer === issuer.issuer ? stored.client : undefined;
    const redirectUri = `http://${config.redirectHost}${config.callbackPath}`;
    return known ?? register(this.#wire, config, issuer, redirectUri, scope);
  }

  get #wire() {
    return { fetch: this.#options.fetch, server: this.#options.server, signal: this.#closing };
  }

  #needsUser(url: string | undefined): ProxyError {
    const where = showUrl(this.#options.server);
    return new NeedsUser('unauthorized', `${where} asks for a sign-in${url ? `: ${url}` : ''}`, {
      httpStatus: 401,
      hint: 'the next call will ask you to sign in',
    });
  }

  #succeeded(credentials: Credentials): Credentials {
    this.#failures = 0;
    this.#notBefore = 0;
    this.#options.state.complete();
    return credentials;
  }

  #meaningOf(error: unknown): Error {
    if (!(error instanceof OAuthError)) return error as Error;
    const where = showUrl(this.#options.server);
    return new ProxyError('unauthorized', `the sign-in to ${where} failed: ${error.message}`, retryOf(error), error);
  }

  /** Notes a failure, so that an authorization server in trouble is left alone for a while. */
  #failed(error: unknown): Error {
    const meant = this.#meaningOf(error);
    if (this.#closing.aborted || meant instanceof NeedsUser) return meant;
    if (meant instanceof ProxyError && meant.code === 'port-taken') this.#options.hopeless?.(meant);
    const asked = meant instanceof ProxyError ? meant.data.retryAfter : undefined;
    const pause = asked !== undefined ? asked * 1000 : Math.min(FIRST_PAUSE * 2 ** this.#failures, LONGEST_PAUSE);
    this.#failures++;
    this.#notBefore = Date.now() + pause;
    this.#lastFailure = meant;
    return meant;
  }
}

/** Nothing went wrong, but nobody is there who could be asked. */
class NeedsUser extends ProxyError {}

function retryOf(error: OAuthError): { retryAfter?: number } {
  const after = error instanceof TokenEndpointFailure ? error.retryAfter : undefined;
  return after === undefined ? {} : { retryAfter: after };
}

/** Whether stored credentials are those of the client that is configured now. */
function isForUs({ client }: Credentials, config: AuthConfig): boolean {
  if (config.clientInfo) return client?.clientId === config.clientInfo.client_id;
  return client?.source !== 'static';
}

function strings(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string') : undefined;
}

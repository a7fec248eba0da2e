/**
 * Sign-in as a layer around `Fetch`: sends the token that there is, and gets one when the server
 * asks for it. Everything beyond that is loaded when it is needed for the first time.
 */
import type { CancelSignal } from '../core/cancel.ts';
import type { AnswerMemory, Fetch, HttpRequest, HttpResponse } from '../core/ports.ts';
import { SignInState } from '../core/sign-in.ts';
import { ProxyError } from '../errors.ts';
import { storedAnswers } from './answers.ts';
import type { Authorizer, Want } from './authorizer.ts';
import { type Challenge, demandOf } from './challenge.ts';
import type { AuthOptions } from './context.ts';
import { bearerOf, type Credentials, credentialsName, isStale, readCredentials } from './credentials.ts';

/** A request is sent again after a refresh and after a sign-in, and then its answer is what it is. */
const MAX_ATTEMPTS = 3;

const NO_CHALLENGE: Challenge = { resourceMetadata: undefined, scope: undefined, error: undefined };

export class Auth {
  readonly state = new SignInState();
  readonly answers: AnswerMemory;
  readonly #options: AuthOptions;
  readonly #name: string;
  #credentials: Credentials | undefined;
  /** The last bearer that the server took; that of an earlier process is believed to be one. */
  #accepted: string | undefined;
  #authorizer: Promise<Authorizer> | undefined;
  #closed = false;
  /** Scopes that were asked for in vain. */
  readonly #inVain = new Set<string>();
  /** The headers that were made of given ones, so that the same object is sent again. */
  #made = new WeakMap<object, Readonly<Record<string, string>>>();

  constructor(options: AuthOptions) {
    this.#options = options;
    const { server, config, store } = options;
    this.#name = credentialsName(server, config.resource, config.profile);
    this.#credentials = readCredentials(store, this.#name);
    this.#accepted = bearerOf(this.#credentials);
    this.state.signedIn = this.#credentials?.tokens !== undefined;
    this.answers = storedAnswers(store, this.#name);
  }

  /** The `Fetch` of the protected server. */
  readonly fetch: Fetch = async (request) => {
    if (request.url.origin !== this.#options.server.origin) return this.#options.fetch(request);
    await this.#renewAhead(request);
    for (let attempt = 1; ; attempt++) {
      const bearer = bearerOf(this.#credentials);
      const response = await this.#options.fetch(bearer === undefined ? request : this.#with(request, bearer));
      if (response.status !== 401 && response.status !== 403) {
        this.#accepted = bearer;
        return response;
      }
      const demand = demandOf(response, 'mcp-session-id' in request.headers);
      if (demand.kind === 'nothing' || attempt === MAX_ATTEMPTS || this.#closed) return response;
      const want = this.#wantOf(demand.kind === 'scope', demand.challenge, bearer, request);
      if (!want) return response;
      if (demand.kind === 'scope') this.#accepted = bearer;
      const authorized = await this.#authorize(want, request, response);
      if (!authorized) return response;
      await discard(response);
    }
  };

  /** Gives up a sign-in that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#authorizer)?.close();
  }

  /** Sends the user through a sign-in, whatever is stored; for whoever has asked for just that. */
  async signIn(challenge: Challenge = NO_CHALLENGE): Promise<Credentials> {
    const authorizer = await this.#loadAuthorizer();
    const refused = bearerOf(this.#credentials);
    this.#credentials = await authorizer.obtain({ refused, fresh: false, challenge, stepUp: false, interactive: true });
    return this.#credentials;
  }

  /** What has to be got, or undefined when the answer of the server is to be left as it is. */
  #wantOf(stepUp: boolean, challenge: Challenge, refused: string | undefined, request: HttpRequest): Want | undefined {
    const interactive = request.probe !== true;
    if (!stepUp)
      return { refused, fresh: refused !== undefined && refused !== this.#accepted, challenge, stepUp, interactive };
    // The same scopes a second time: the server wants something else than it says.
    const scopes = challenge.scope ?? '';
    if (!interactive || this.#inVain.has(scopes)) return undefined;
    this.#inVain.add(scopes);
    return { refused, fresh: false, challenge, stepUp, interactive };
  }

  /** Whether there are other credentials now. Rejects when the user has to be told why there are none. */
  async #authorize(want: Want, request: HttpRequest, response: HttpResponse): Promise<boolean> {
    const authorizer = await this.#loadAuthorizer();
    try {
      this.#credentials = await this.#patiently(authorizer.obtain(want), want, request.signal);
      return true;
    } catch (error) {
      // What nobody has asked for fails the way the server made it fail; it matters to `server/discover` only, which says so.
      if (request.probe && !('mcp-method' in request.headers)) return false;
      await discard(response);
      throw error;
    }
  }

  /** Waits for credentials, but no longer than a sign-in may take, nor than anybody wants the answer. */
  #patiently(obtained: Promise<Credentials>, want: Want, signal: CancelSignal | undefined): Promise<Credentials> {
    return new Promise((resolve, reject) => {
      const { config, server } = this.#options;
      const timer = setTimeout(() => {
        const url = this.state.pending?.url;
        // Nothing is waited for but the user; everything else has its own limits.
        if (!want.interactive || !this.state.pending) return;
        const seconds = Math.round(config.timeout / 1000);
        const where = url === undefined ? '' : `; sign in here: ${url}`;
        const message = `the sign-in to ${server.host} was not finished in ${seconds} s${where}`;
        settle(() => reject(new ProxyError('unauthorized', message, { hint: 'sign in, then try again' })));
      }, config.timeout);
      const onAbort = (): void => settle(() => reject(signal?.reason));
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        how();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      obtained.then(
        (credentials) => settle(() => resolve(credentials)),
        (error) => settle(() => reject(error)),
      );
    });
  }

  /** Renews a token shortly before its end; when that fails, the server decides whether it is still good. */
  async #renewAhead(request: HttpRequest): Promise<void> {
    const tokens = this.#credentials?.tokens;
    if (!tokens || !isStale(tokens, Date.now()) || this.#closed) return;
    const refused = bearerOf(this.#credentials);
    const want: Want = { refused, fresh: false, challenge: NO_CHALLENGE, stepUp: false, interactive: false };
    try {
      const authorizer = await this.#loadAuthorizer();
      this.#credentials = await this.#patiently(authorizer.obtain(want), want, request.signal);
    } catch (error) {
      if (request.signal?.aborted) throw error;
      this.#options.log.debug(`auth: could not renew the token ahead of its end`);
      // A grant that turned out to be gone is not tried again with every request.
      this.#credentials = readCredentials(this.#options.store, this.#name);
    }
  }

  #with(request: HttpRequest, bearer: string): HttpRequest {
    let headers = this.#made.get(request.headers);
    const authorization = `Bearer ${bearer}`;
    if (headers?.authorization !== authorization) {
      headers = { ...request.headers, authorization };
      this.#made.set(request.headers, headers);
    }
    return { ...request, headers };
  }

  #loadAuthorizer(): Promise<Authorizer> {
    this.#authorizer ??= import('./open.ts').then(({ openAuthorizer }) =>
      openAuthorizer(this.#options, this.#name, this.state),
    );
    return this.#authorizer;
  }
}

/** What the refusal says beside its headers is of no interest, but its connection is. */
async function discard(response: HttpResponse): Promise<void> {
  await response.body.bytes(65_536).catch(() => {});
}

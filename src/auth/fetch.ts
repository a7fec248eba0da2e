/**
 * The sign-in as a layer around `Fetch`: sends the stored token, and gets a new one when the server asks for it. The
 * rest of the sign-in is loaded when it is first needed.
 */
import type { CancelSignal } from '../core/cancel.ts';
import { type Fetch, type HttpRequest, type HttpResponse, type Purpose, withHeaders } from '../core/fetch.ts';
import { NOT_YET } from '../core/ports.ts';
import { type Redact, redactor, showUrl } from '../core/redact.ts';
import { SignInState } from '../core/sign-in.ts';
import { EndedByProxy, ProxyError } from '../errors.ts';
import type { Authorizer, Need } from './authorizer.ts';
import { type Demanded, demandOf, NO_CHALLENGE } from './challenge.ts';
import type { AuthOptions } from './options.ts';
import { bearerOf, type Credentials, credentialsName, isForUs, isStale, secretsIn } from './vault/credentials.ts';
import { readStored } from './vault/stored.ts';

/** A request is sent again after a refresh and once more after a sign-in. The answer to the last attempt stands. */
const MAX_ATTEMPTS = 3;

/** The challenge that the server would have sent if it had been able to read the token (RFC 6750, section 3.1). */
const UNREADABLE = 'Bearer error="invalid_token"';

/** Statuses that may be about the header with the token. */
const MAY_BE_UNREADABLE = new Set([400, 413, 414, 431, 494]);

/** Requests that a client waits for, so it may also wait for a user. */
const MAY_ASK_USER: ReadonlySet<Purpose> = new Set(['call', 'connect']);

/** Requests whose client learns why there are no credentials. Others get the refusal of the server. */
const IS_TOLD: ReadonlySet<Purpose> = new Set(['call', 'connect', 'discover']);

/** How many bearers to hide in what the server says. The server sees a new one every few seconds at most. */
const REMEMBERED = 20;

export class Auth {
  readonly state = new SignInState();
  readonly #options: AuthOptions;
  /** The name of the credentials, computed on demand. */
  #foundName: string | undefined;
  #credentials: Credentials | undefined;
  /** Settles when the credentials have arrived from a store that does not know them at once. */
  #loading: Promise<void> | undefined;
  /** The last bearer that the server accepted. One stored by an earlier process counts as accepted. */
  #accepted: string | undefined;
  #authorizer: Promise<Authorizer> | undefined;
  #closed = false;
  #warned = false;
  /** The last bearer that this process has seen the server accept. */
  #proven: string | undefined;
  /** The last bearer that the server could not even read. */
  #unreadable: string | undefined;
  /** Scopes that the server demanded again after they were granted. */
  readonly #inVain = new Set<string>();
  /** The bearers that were sent last, the newest at the end. */
  #sent: readonly string[] = [];
  /** Headers with the token, by the headers they were made from, so that the same object is sent again. */
  #made = new WeakMap<object, { readonly bearer: string; readonly headers: Readonly<Record<string, string>> }>();

  constructor(options: AuthOptions) {
    this.#options = options;
    // Skip the lookup if nothing was ever stored.
    if (options.store.empty) return;
    const text = options.store.peek(this.name);
    if (text === NOT_YET) this.#loading = this.#read().then((read) => this.#begin(read));
    else this.#begin(text);
  }

  /** The `Fetch` for the protected server. */
  readonly fetch: Fetch = (request) => {
    const { server } = this.#options;
    if (request.url !== server && request.url.origin !== server.origin) return this.#options.fetch(request);
    return this.#loading ? this.#loading.then(() => this.#sendFresh(request)) : this.#sendFresh(request);
  };

  #sendFresh(request: HttpRequest): Promise<HttpResponse> {
    const tokens = this.#credentials?.tokens;
    if (!tokens || !isStale(tokens, Date.now())) return this.#send(request, 1);
    return this.#refreshAhead(request).then(() => this.#send(request, 1));
  }

  /** @param steppedUp the scopes that a step-up got for this request. */
  #send(request: HttpRequest, attempt: number, steppedUp?: string): Promise<HttpResponse> {
    const bearer = bearerOf(this.#credentials);
    return this.#options.fetch(bearer === undefined ? request : this.#with(request, bearer)).then((response) => {
      const { status } = response;
      if (status === 401 || status === 403) {
        return this.#refused(request, withCredential(response, bearer), bearer, attempt, steppedUp);
      }
      if (bearer !== undefined && MAY_BE_UNREADABLE.has(status)) {
        return this.#unlessUnreadable(request, response, bearer, attempt, steppedUp);
      }
      this.#accepted = bearer;
      if (status < 500) this.#proven = bearer;
      return response;
    });
  }

  /** Treats a response that says the bearer is too large or malformed as a 401, and returns any other response as it is. */
  async #unlessUnreadable(
    request: HttpRequest,
    given: HttpResponse,
    bearer: string,
    attempt: number,
    steppedUp: string | undefined,
  ): Promise<HttpResponse> {
    const { examine } = await import('./refused-token.ts');
    const taken = { same: bearer === this.#proven, any: this.#proven !== undefined };
    const { blamed, response } = await examine(request, given, bearer, taken);
    if (!blamed) {
      this.#accepted = bearer;
      return response;
    }
    this.#unreadable = bearer;
    this.#warnOf(`the server finds its token too large or malformed (HTTP ${response.status})`);
    const refusal = { ...response, status: 401, headers: { 'www-authenticate': UNREADABLE } };
    const answer = await this.#refused(request, refusal, bearer, attempt, steppedUp);
    // A request of the proxy itself must see the 401, because it means that a sign-in is needed. A request of the client
    // gets the server's response.
    return answer === refusal && MAY_ASK_USER.has(request.purpose) ? response : answer;
  }

  /** Gets the credentials that the server asks for and sends the request again, or returns the refusal as it is. */
  async #refused(
    request: HttpRequest,
    response: HttpResponse,
    bearer: string | undefined,
    attempt: number,
    steppedUp: string | undefined,
  ): Promise<HttpResponse> {
    const demand = demandOf(response, { inSession: request.inSession === true });
    if (demand.kind === 'nothing' || attempt === MAX_ATTEMPTS) return response;
    // The proxy ends sessions after everything else.
    if (this.#closed && request.purpose !== 'end') {
      response.body.destroy();
      throw new EndedByProxy('unauthorized', 'the proxy ended before the sign-in was complete');
    }
    let scopes = steppedUp;
    if (demand.kind === 'scope') {
      this.#accepted = bearer;
      scopes = demand.challenge.scope ?? '';
      // The same scopes a second time: the server wants something other than it says.
      if (steppedUp === scopes) this.#inVain.add(scopes);
      if (this.#inVain.has(scopes) || !MAY_ASK_USER.has(request.purpose)) return response;
    }
    const need = this.#needOf(demand, bearer, request);
    if (!(await this.#authorize(need, request, response))) return response;
    await discard(response);
    return this.#send(request, attempt + 1, scopes);
  }

  /** Hides the bearers that were sent, and the secrets stored with them: a server may repeat them anywhere in its messages. */
  readonly redact: Redact = (text) => redactor([...this.#sent, ...secretsIn(this.#credentials)])(text);

  /** Gives up a sign-in that is in progress. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#authorizer?.then((authorizer) => authorizer.close());
  }

  /** The name under which the credentials are stored. */
  get name(): string {
    const { server, config } = this.#options;
    this.#foundName ??= credentialsName(server, config.resource, config.profile);
    return this.#foundName;
  }

  /** From now on, requests carry the stored credentials. */
  #begin(text: string | undefined): void {
    this.#loading = undefined;
    this.#credentials = this.#usable(text);
    this.#accepted = bearerOf(this.#credentials);
    this.state.signedIn = this.#credentials?.tokens !== undefined;
  }

  /** If the read fails, the request meets a 401, and the proxy asks the store again before it asks the user. */
  #read(): Promise<string | undefined> {
    return this.#options.store.read(this.name).catch(() => undefined);
  }

  /** The credentials in a stored text, if they belong to the client that is configured now. */
  #usable(text: string | undefined): Credentials | undefined {
    if (text === undefined) return undefined;
    const { credentials, problem } = readStored(text);
    if (problem !== undefined) this.#warnOf(problem);
    return credentials && isForUs(credentials, this.#options.config) ? credentials : undefined;
  }

  #warnOf(problem: string): void {
    if (this.#warned) return;
    this.#warned = true;
    const { server, log } = this.#options;
    log.warn(`the stored sign-in to ${showUrl(server)} is set aside: ${problem}; the next sign-in replaces it`);
  }

  #needOf({ kind, challenge }: Demanded, refused: string | undefined, { purpose }: HttpRequest): Need {
    const stepUp = kind === 'scope';
    const fresh = !stepUp && refused !== undefined && refused !== this.#accepted;
    const unreadable = refused !== undefined && refused === this.#unreadable;
    return { refused, fresh, unreadable, challenge, stepUp, purpose, interactive: MAY_ASK_USER.has(purpose) };
  }

  /** Whether there are other credentials now. Rejects when the user must know why there are none. */
  async #authorize(need: Need, request: HttpRequest, response: HttpResponse): Promise<boolean> {
    try {
      await this.#obtain(need, request);
      return true;
    } catch (error) {
      // For other requests, the client gets the server's own refusal.
      if (!IS_TOLD.has(request.purpose)) return false;
      // The user has given a credential of another kind, and that is the one that the server refuses.
      const isRefused = error instanceof ProxyError && error.code === 'no-sign-in' && response.credential !== undefined;
      if (isRefused) return false;
      await discard(response);
      throw error;
    }
  }

  async #obtain(need: Need, { signal, waits }: HttpRequest): Promise<void> {
    const { completed } = this.state;
    waits?.(true);
    const authorizer = await this.#loadAuthorizer();
    const obtained = await this.#patiently(authorizer.obtain(need), need, signal).finally(() => waits?.(false));
    // Several requests may have waited for the same credentials.
    const refreshed = bearerOf(obtained) !== bearerOf(this.#credentials) && completed === this.state.completed;
    this.#credentials = obtained;
    if (refreshed) this.#options.refreshed?.();
  }

  /** Waits for credentials, but no longer than a sign-in may take, nor than the request wants the answer. */
  #patiently(obtained: Promise<Credentials>, need: Need, signal: CancelSignal | undefined): Promise<Credentials> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        unwatch();
        waited();
        signal?.removeEventListener('abort', onAbort);
        how();
      };
      const onAbort = (): void => settle(() => reject(signal?.reason));
      // The limit applies only while the user signs in; everything else has limits of its own.
      const look = (): void => {
        const waits = need.interactive && this.state.pending !== undefined;
        if (waits)
          timer ??= setTimeout(() => settle(() => this.#unfinished().then(reject)), this.#options.config.timeout);
      };
      const unwatch = this.state.watch(look);
      const waited = this.state.beginWaiting(signal);
      look();
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
      obtained.then(
        (credentials) => settle(() => resolve(credentials)),
        (error) => settle(() => reject(error)),
      );
    });
  }

  async #unfinished(): Promise<ProxyError> {
    const { config, server, env, folder } = this.#options;
    const { errorPageHint, storeHint } = await import('./sign-in/no-browser-hint.ts');
    const url = this.state.pending?.url;
    const where = url === undefined ? '' : `; sign in here: ${url}`;
    const message = `the sign-in to ${server.host} was not finished in ${Math.round(config.timeout / 1000)} s${where}`;
    const data = url === undefined ? {} : { signIn: url };
    return new ProxyError('sign-in-needed', message, {
      ...data,
      hint: `sign in, then try again${errorPageHint(config)}${storeHint(env, folder)}`,
    });
  }

  /** Refreshes a token shortly before it expires. If that fails, the server decides whether the token is still valid. */
  async #refreshAhead(request: HttpRequest): Promise<void> {
    const { purpose } = request;
    if (this.#closed && purpose !== 'end') return;
    const refused = bearerOf(this.#credentials);
    const common = { fresh: false, unreadable: false, challenge: NO_CHALLENGE, stepUp: false };
    try {
      await this.#obtain({ ...common, refused, purpose, interactive: false }, request);
    } catch (error) {
      if (request.signal?.aborted) throw error;
      this.#options.log.debug(`auth: could not refresh the token before it expired`);
      // If the grant turned out to be gone, do not try it again with every request.
      this.#credentials = this.#usable(await this.#read());
    }
  }

  #with(request: HttpRequest, bearer: string): HttpRequest {
    let made = this.#made.get(request.headers);
    if (made?.bearer !== bearer) {
      if (this.#sent.at(-1) !== bearer) this.#sent = [...this.#sent, bearer].slice(-REMEMBERED);
      made = { bearer, headers: { ...request.headers, authorization: `Bearer ${bearer}` } };
      this.#made.set(request.headers, made);
    }
    return withHeaders(request, made.headers);
  }

  #loadAuthorizer(): Promise<Authorizer> {
    this.#authorizer ??= import('./assemble.ts').then(({ openAuthorizer }) => {
      const authorizer = openAuthorizer(this.#options, this.name, this.state);
      // A session that ends with the proxy may be the first to need it.
      if (this.#closed) authorizer.close();
      return authorizer;
    });
    return this.#authorizer;
  }
}

function withCredential(response: HttpResponse, bearer: string | undefined): HttpResponse {
  if (bearer === undefined) return response;
  return { ...response, credential: { from: 'sign-in', name: 'authorization', value: bearer, secrets: [] } };
}

/** Ignores the body of a refusal, but reads it for a second, so that the connection can be reused. */
async function discard(response: HttpResponse): Promise<void> {
  const timer = setTimeout(() => response.body.destroy(), 1_000);
  await response.body.bytes(65_536).catch(() => {});
  clearTimeout(timer);
}

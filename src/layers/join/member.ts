/**
 * One of several servers, as one client uses it. The session with it is opened by the first request that needs it, in
 * the client's own name, and closed when the client has not used it for a while.
 */
import { Cancellation } from '../../core/cancel.ts';
import type { Exchange, Peer, Session } from '../../core/exchange.ts';
import { encode, type Json, withMember } from '../../core/json.ts';
import { type Call, errorReply, METHOD_NOT_FOUND, type Reply } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { drained, withLimit } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { INITIALIZED } from '../../mcp/handshake.ts';
import { OpenCalls } from '../../wire/open-calls.ts';
import type { Listed } from './directory.ts';
import { type ClientIdentity, has } from './introductions.ts';
import { LaterLists } from './lists/later-lists.ts';
import type { Source } from './lists/whole-list.ts';
import { MemberExchange, type Told } from './member-exchange.ts';

/** How long a server may take to answer a request of ours, unless its user allows more; in milliseconds. */
const OWN_LIMIT = 60_000;
const CLOSE_LIMIT = 5_000;

/** What a member knows of its client. */
export interface MemberClient extends Peer {
  identity(): ClientIdentity;
  /** Resolves when the client is ready for messages of the server. */
  ready(): Promise<void>;
  /** The log level that the client has set, if any. */
  level(): Json | undefined;
  /** Called when the server has been opened. */
  met(member: Member): void;
}

export interface MemberOptions {
  readonly server: Listed;
  readonly open: (peer: Peer) => Session;
  readonly client: MemberClient;
  /** Decides about notifications of the server. */
  readonly told: (member: Member) => Told;
  /** Milliseconds after which an unused session is closed. */
  readonly idle: number;
  /** Milliseconds for which the server may be silent while a session is opened; undefined: as for every server. */
  readonly openTimeout: number | undefined;
  readonly log: Log;
}

export class Member {
  readonly server: Listed;
  /** Resources that the client has subscribed to, under the server's own URIs, with the URIs of the client. */
  readonly subscribed = new Map<string, string>();
  /** Streams of changes that are open. */
  streams = 0;
  readonly #options: MemberOptions;
  readonly #told: Told;
  #session: Session | undefined;
  #closing: Session | undefined;
  /** Resolves with the server's error, if it refuses the session. */
  #opening: Promise<Reply | undefined> | undefined;
  /** Whether the client's session is open, and whether a modern client has used the server. */
  #isOpen = false;
  #isMet = false;
  #waiting = 0;
  /** When the last request was over. */
  #used = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  /** Lists that could not be read. */
  readonly later: LaterLists;
  readonly #ending = new Cancellation();
  readonly #open = new OpenCalls();

  constructor(options: MemberOptions) {
    this.#options = options;
    this.server = options.server;
    this.#told = options.told(this);
    this.later = new LaterLists(options.server.catalog, (method) => this.load(method, true));
  }

  get established(): boolean {
    return this.#session?.established ?? false;
  }

  /** Whether the server knows the client. */
  get met(): boolean {
    return this.#isOpen || this.#isMet;
  }

  /** Passes a request on, in the words of the server. */
  request(exchange: Exchange, call: Call, modern: boolean): Promise<Reply> {
    const own = new MemberExchange(exchange, call, this.#told);
    const session = modern || this.#isOpen ? this.#current() : undefined;
    this.#waiting++;
    const replied = session ? session.request(own) : this.#open.during(exchange, this.#whenOpen(own));
    replied.then(this.#done, this.#done);
    if (modern) this.#metModern();
    return replied;
  }

  notify(call: Call): Promise<void> | undefined {
    return this.#session?.notify(call);
  }

  /** Asks the server in the client's name. Rejects when there is no answer. */
  async ask(call: Call, unasked = false): Promise<Reply> {
    this.#waiting++;
    try {
      const refused = await this.#introduced();
      if (refused) return refused;
      return await this.#send(call, (exchange) => this.#current().request(exchange), unasked);
    } finally {
      this.#done();
    }
  }

  /**
   * Reads a list. Never rejects: the catalog knows what went wrong, and another attempt follows.
   * @param unasked whether no client waits for it: if a user must sign in, the next request for the list reads it
   */
  async load(method: string, unasked = false): Promise<void> {
    const { catalog } = this.server;
    const { log } = this.#options;
    try {
      await catalog.load(method, { ...this.#source, ask: (call) => this.ask(call, unasked) });
      this.later.drop(method);
    } catch (error) {
      const needsUser = error instanceof ProxyError && error.code === 'sign-in-needed';
      if (this.#ending.aborted || (unasked && needsUser)) return;
      catalog.failed(error);
      log.debug(`join: no ${method} of ${this.server.name}: ${catalog.problem}`);
      this.later.add(method);
    }
  }

  /** Opens the session, or asks a modern server to introduce itself. Never rejects. */
  async introduce(): Promise<void> {
    try {
      const refused = await this.#introduced();
      if (refused) throw new Error('it refuses the session');
    } catch (error) {
      if (!this.#ending.aborted) this.server.catalog.failed(error);
    }
  }

  async close(limit: number): Promise<void> {
    const left = await drained(this.#open.idle(), limit);
    this.#stop(new ProxyError('failed', 'the session has ended'));
    const session = this.#taken();
    this.#closing = session ?? this.#closing;
    await session?.close(left);
  }

  destroy(reason: ProxyError): void {
    this.#open.destroy(reason);
    this.#stop(reason);
    this.#taken()?.destroy(reason);
    this.#closing?.destroy(reason);
  }

  #stop(reason: ProxyError): void {
    this.#ending.abort(reason);
    clearTimeout(this.#idle);
    this.later.close();
  }

  readonly #source: Pick<Source, 'first'> = {
    first: (method) => {
      const identity = this.#options.client.identity();
      return { method, params: identity.era === 'modern' ? identity.envelope : encode({}) };
    },
  };

  #current(): Session {
    this.#session ??= this.#options.open(this.#peer);
    return this.#session;
  }

  readonly #peer: Peer = {
    notify: (note) => this.#told(note, (passed) => this.#options.client.notify(passed)),
    ask: (call, signal) => this.#options.client.ask(call, signal),
    room: () => this.#options.client.room(),
  };

  async #whenOpen(exchange: Exchange): Promise<Reply> {
    const refused = await this.#opened();
    if (exchange.signal.aborted) throw exchange.signal.reason;
    return refused ?? this.#current().request(exchange);
  }

  /** Opens a session for a client that has one; asks a modern server who it is, unless that is known. */
  #introduced(): Promise<Reply | undefined> {
    const identity = this.#options.client.identity();
    return identity.era === 'legacy' ? this.#opened() : this.#discovered(identity.envelope);
  }

  #opened(): Promise<Reply | undefined> {
    this.#opening ??= this.#begin().then(
      (refused) => {
        if (refused) this.#opening = undefined;
        return refused;
      },
      (error: unknown) => {
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }

  async #begin(): Promise<Reply | undefined> {
    const { client } = this.#options;
    const identity = client.identity();
    if (identity.era === 'modern') return undefined;
    const reply = await this.#send(identity.initialize, (exchange) => this.#current().request(exchange));
    if ('error' in reply) return reply;
    const { catalog } = this.server;
    catalog.learn(reply.result);
    await client.ready();
    const session = this.#current();
    session.notify(INITIALIZED);
    const level = client.level();
    if (level && has(catalog.introduction, 'logging')) {
      const call = { method: 'logging/setLevel', params: withMember(encode({}), 'level', level) };
      await this.#send(call, (exchange) => session.request(exchange)).catch(() => undefined);
    }
    this.#isOpen = true;
    catalog.announcers++;
    this.#metNow();
    return undefined;
  }

  async #discovered(envelope: Json): Promise<Reply | undefined> {
    const { catalog } = this.server;
    if (this.#isMet && catalog.introduction) return undefined;
    const call = { method: 'server/discover', params: envelope };
    const reply = await this.#send(call, (exchange) => this.#current().request(exchange));
    if ('error' in reply) return reply;
    catalog.learn(reply.result);
    this.#metModern();
    return undefined;
  }

  #metModern(): void {
    if (this.#isMet) return;
    this.#isMet = true;
    this.#metNow();
  }

  /** What memory says of the server is checked, now that it runs. */
  #metNow(): void {
    const { catalog } = this.server;
    catalog.met = true;
    for (const method of catalog.unchecked) this.load(method, true);
    this.#options.client.met(this);
  }

  /** Sends a request of ours. */
  #send(call: Call, to: (exchange: Exchange) => Promise<Reply>, unasked = false): Promise<Reply> {
    const { client, openTimeout = 0 } = this.#options;
    return withLimit(Math.max(OWN_LIMIT, openTimeout), this.#ending, (signal) => {
      return to({
        call,
        signal,
        unasked,
        abort: (error) => (signal as Cancellation).abort(error),
        notify: (note) => this.#told(note, (passed) => client.notify(passed)),
        ask: ({ method }) => Promise.resolve(errorReply(METHOD_NOT_FOUND, `Method not found: ${method}`)),
        room: () => client.room(),
      });
    });
  }

  /** A request is over. */
  readonly #done = (): void => {
    // As long as another one waits, the session is in use.
    if (--this.#waiting > 0) return;
    this.#used = Date.now();
    this.rest();
  };

  /** Closes the session later, if it stays unused until then. */
  rest(): void {
    if (this.#idle || this.#waiting > 0 || this.#ending.aborted) return;
    this.#idle = setTimeout(() => this.#look(), this.#options.idle);
  }

  /** Looks whether the session has been unused for long enough. */
  #look(): void {
    this.#idle = undefined;
    if (this.#waiting > 0 || this.streams > 0 || this.subscribed.size > 0 || !this.#session) return;
    const left = this.#used + this.#options.idle - Date.now();
    if (left > 0) {
      this.#idle = setTimeout(() => this.#look(), left);
      return;
    }
    this.#options.log.debug(`join: the session with ${this.server.name} is closed, because it is not used`);
    this.#taken()?.close(CLOSE_LIMIT);
    if (this.server.catalog.announcers === 0) this.server.catalog.rest();
  }

  /** Gives up the session with the server. */
  #taken(): Session | undefined {
    const session = this.#session;
    this.#session = undefined;
    this.#opening = undefined;
    if (this.#isOpen) this.server.catalog.announcers--;
    this.#isOpen = false;
    this.#isMet = false;
    return session;
  }
}

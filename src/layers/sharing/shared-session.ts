/**
 * One session with the server for several clients. Each client sees a session of its own, and gets only the server's
 * messages that concern it. The proxy declares no client capabilities, because the server could not say which client it
 * wants to ask.
 */
import { Cancellation } from '../../core/cancel.ts';
import { derived, type Exchange, type Peer, type Session } from '../../core/exchange.ts';
import { asString, encode, member as memberOf, peek, withMember } from '../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, METHOD_NOT_FOUND, type Reply } from '../../core/jsonrpc.ts';
import type { Connect } from '../../core/layer.ts';
import type { Log } from '../../core/ports.ts';
import { drained } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { INITIALIZED, initializeCall, ourselves } from '../../mcp/handshake.ts';
import { hears, LOG_LEVELS, severityOf } from '../../mcp/log-levels.ts';
import { isAboutTask, isClientNotification, isListChange, isNotification, isOnlyTold } from '../../mcp/methods.ts';
import { OpenCalls } from '../../wire/open-calls.ts';
import { refuseAmbiguous, resultFor, withoutTask } from './shared-calls.ts';
import { isForAll, isMissed } from './shared-notifications.ts';
import { MAX_SUBSCRIPTIONS, Subscribers } from './subscribers.ts';

const CLOSE_LIMIT = 5_000;
/** The number of subscriptions of a departed client to end at a time. */
const AT_A_TIME = 4;

export interface SharedSessionOptions {
  readonly version: string;
  /** Milliseconds after which a session without clients is closed. */
  readonly idle: number;
  readonly log: Log;
}

interface SharingClient {
  readonly client: Peer;
  /** Whether it wants the log of its requests only. */
  readonly independent: boolean;
  /** Index in {@link LOG_LEVELS} of the least severe level that the client wants. Undefined when it never set one. */
  level: number | undefined;
  ready: boolean;
  readonly open: OpenCalls;
}

export class SharedSession {
  readonly #options: SharedSessionOptions;
  readonly #connect: Connect;
  readonly #members = new Set<SharingClient>();
  /** For each of the {@link LOG_LEVELS}, the number of clients that want it and every more severe one. */
  readonly #wanted = LOG_LEVELS.map(() => 0);
  readonly #subscribers = new Subscribers<SharingClient>();
  #server: Session | undefined;
  /** The session with the server while it is being opened. */
  #coming: Session | undefined;
  /** The session with the server that was closed last. */
  #closing: Session | undefined;
  /** The answer to our own `initialize`, or the wait for it. */
  #opening: Promise<Reply> | undefined;
  #empty: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SharedSessionOptions, connect: Connect) {
    this.#options = options;
    this.#connect = connect;
  }

  /** Adds a client. */
  join(client: Peer, independent = false): Session {
    const member: SharingClient = { client, independent, level: undefined, ready: false, open: new OpenCalls() };
    this.#members.add(member);
    clearTimeout(this.#empty);
    const server = (): Session | undefined => this.#server;
    return {
      request: (exchange) => member.open.during(exchange, this.#request(member, exchange)),
      notify: (call) => this.#notify(member, call),
      get established() {
        return server()?.established ?? false;
      },
      get era() {
        return server()?.era;
      },
      announces: () => server()?.announces?.() ?? Promise.resolve(true),
      close: async (limit) => {
        await drained(member.open.idle(), limit);
        this.#leave(member);
      },
      destroy: (reason) => {
        member.open.destroy(reason);
        this.#leave(member);
      },
    };
  }

  /** Ends the session with the server, even while it is being opened. */
  async close(limit: number): Promise<void> {
    // Requests that come meanwhile open another one.
    const server = this.#takeServer();
    this.#closing = server ?? this.#closing;
    await server?.close(limit);
  }

  destroy(reason: ProxyError): void {
    for (const { open } of this.#members) open.destroy(reason);
    this.#takeServer()?.destroy(reason);
    this.#closing?.destroy(reason);
  }

  #takeServer(): Session | undefined {
    clearTimeout(this.#empty);
    const server = this.#server ?? this.#coming;
    this.#server = undefined;
    this.#coming = undefined;
    this.#opening = undefined;
    return server;
  }

  async #request(member: SharingClient, exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    refuseAmbiguous(call);
    if (isNotification(call.method)) return errorReply(METHOD_NOT_FOUND, 'Method not found');
    const opened = await this.#open();
    if ('error' in opened) return opened;
    const server = this.#server as Session;
    switch (call.method) {
      case 'initialize':
        return { result: resultFor(call, opened.result) };
      case 'logging/setLevel':
        return this.#setLevel(member, exchange, server);
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        return this.#subscription(member, exchange, server);
    }
    // The server does not know which client made a task, so it cannot say which client may see it.
    if (isAboutTask(call.method)) return errorReply(METHOD_NOT_FOUND, 'Method not found');
    return this.#ask(member, exchange, server);
  }

  #notify(member: SharingClient, call: Call): Promise<void> | undefined {
    if (call.method === 'notifications/initialized') member.ready = true;
    // The specification's notifications concern one client, answer questions that the server cannot have asked, or name
    // a request by its id, which at the server may be the id of another client's request.
    return isClientNotification(call.method) || !isOnlyTold(call) ? undefined : this.#server?.notify(call);
  }

  /** Opens the session with the server, once for all clients. */
  #open(): Promise<Reply> {
    const opening = this.#opening ?? this.#initialize();
    this.#opening = opening;
    const undo = (): void => {
      if (this.#opening === opening) this.#opening = undefined;
    };
    opening.then((reply) => 'error' in reply && undo(), undo);
    return opening;
  }

  async #initialize(): Promise<Reply> {
    const server = this.#connect(this.#peer);
    this.#coming = server;
    const cancellation = new Cancellation();
    const reply = await server.request({
      ...this.#peer,
      call: initializeCall(ourselves(this.#options.version)),
      signal: cancellation.signal,
      abort: (error) => cancellation.abort(error),
    });
    if ('error' in reply) {
      server.destroy(new ProxyError('failed', 'the server refuses the session'));
      return reply;
    }
    // The session was closed meanwhile: clients that still wait must open again.
    if (this.#coming !== server) throw new ProxyError('failed', 'the session was closed while it was being opened');
    this.#coming = undefined;
    this.#server = server;
    server.notify(INITIALIZED);
    return reply;
  }

  #ask(member: SharingClient, exchange: Exchange, server: Session): Promise<Reply> {
    const notify = (note: Call): Promise<void> | undefined => this.#told(note, exchange, member);
    return server.request(derived(exchange, { call: withoutTask(exchange.call), notify, ask: this.#peer.ask }));
  }

  /**
   * Passes a message that the server sends during a request to the client of the request, unless it concerns everything
   * shared.
   */
  #told(note: Call, exchange: Exchange, member: SharingClient): Promise<void> | undefined {
    if (note.method === 'notifications/message') {
      return hears(member.level, severityOf(note)) ? exchange.notify(note) : undefined;
    }
    if (isForAll(note)) return this.#peer.notify(note);
    return exchange.notify(note);
  }

  /** The clients, as the server sees them. A slow client must not delay the others, so the proxy waits for none. */
  readonly #peer: Peer = {
    notify: (note) => {
      for (const { client } of this.#concerned(note)) if (!isMissed(note, client)) client.notify(note);
      return undefined;
    },
    ask: ({ method }) =>
      Promise.resolve(
        method === 'ping'
          ? { result: encode({}) }
          : errorReply(METHOD_NOT_FOUND, 'no client of this session can be asked'),
      ),
    room: () => undefined,
  };

  /** The clients that a message outside of requests concerns. */
  #concerned(note: Call): Iterable<SharingClient> {
    if (note.method === 'notifications/message') {
      // The message may be about any client's call, so it goes only to clients that have asked for the session's log.
      const severity = severityOf(note);
      const hearers = [...this.#members].filter(({ level }) => level !== undefined && hears(level, severity));
      return hearers.filter((member) => !member.independent || !this.#hasOthers(member));
    }
    if (note.method === 'notifications/resources/updated') {
      const uri = asString(peek(note.params, 'uri'));
      return uri === undefined ? [] : this.#subscribers.to(uri);
    }
    if (isListChange(note.method)) return [...this.#members].filter(({ ready }) => ready);
    this.#options.log.debug(`upstream: skipped ${note.method}, which does not say whom it is for`);
    return [];
  }

  /** Whether requests of other clients wait for their answers. */
  #hasOthers(member: SharingClient): boolean {
    for (const other of this.#members) if (other !== member && other.open.size > 0) return true;
    return false;
  }

  /**
   * Sets a client's level. The server gets the least severe level that any client wants, and the proxy filters the
   * rest.
   */
  async #setLevel(member: SharingClient, exchange: Exchange, server: Session): Promise<Reply> {
    const { call } = exchange;
    const level = LOG_LEVELS.indexOf(asString(call.params && memberOf(call.params, 'level')) ?? '');
    // The level that the server accepts applies to all clients.
    if (level === -1 || !call.params)
      return errorReply(INVALID_PARAMS, `Invalid params: level is not one of ${LOG_LEVELS.join(', ')}`);
    const before = member.level;
    // Count it at once: another client may ask before this request is answered.
    this.#want(member, level);
    let reply: Reply | undefined;
    try {
      const params = withMember(call.params, 'level', encode(this.#lowestLevel()));
      reply = await this.#ask(member, derived(exchange, { call: { ...call, params } }), server);
      return reply;
    } finally {
      const refused = !reply || 'error' in reply;
      // A later request of the client counts more.
      if (refused && member.level === level) this.#want(member, before);
    }
  }

  /** Records the level that a client wants, unless it has left. */
  #want(member: SharingClient, level: number | undefined): void {
    if (!this.#members.has(member)) return;
    if (member.level !== undefined) (this.#wanted[member.level] as number)--;
    if (level !== undefined) (this.#wanted[level] as number)++;
    member.level = level;
  }

  /** The least severe level that any client wants; undefined when none has said so. */
  #lowestLevel(): string | undefined {
    return LOG_LEVELS[this.#wanted.findIndex((clients) => clients > 0)];
  }

  async #subscription(member: SharingClient, exchange: Exchange, server: Session): Promise<Reply> {
    const { call } = exchange;
    const uri = asString(call.params && memberOf(call.params, 'uri'));
    if (uri === undefined) return errorReply(INVALID_PARAMS, 'Invalid params: uri is not a string');
    const ask = (): Promise<Reply> => this.#ask(member, exchange, server);
    if (call.method === 'resources/subscribe' && this.#subscribers.full(uri, member)) {
      throw new ProxyError(
        'limit',
        `one client has more than ${MAX_SUBSCRIPTIONS} subscriptions, or their URIs are too long in total`,
      );
    }
    if (call.method === 'resources/subscribe') return this.#subscribers.subscribe(uri, member, ask);
    return (await this.#subscribers.unsubscribe(uri, member, ask)) ?? { result: encode({}) };
  }

  #leave(member: SharingClient): void {
    const lowest = this.#lowestLevel();
    this.#want(member, undefined);
    if (!this.#members.delete(member)) return;
    const level = this.#lowestLevel();
    if (level !== undefined && level !== lowest) this.#tellServer('logging/setLevel', { level });
    this.#takeBack(member);
    if (this.#members.size > 0) return;
    clearTimeout(this.#empty);
    this.#empty = setTimeout(() => this.close(CLOSE_LIMIT), this.#options.idle);
  }

  /** Ends the subscriptions of a departed client, a few at a time: all at once would delay the other clients. */
  #takeBack(member: SharingClient): void {
    const uris = this.#subscribers.of(member);
    const next = async (): Promise<void> => {
      for (let uri = uris.pop(); uri !== undefined; uri = uris.pop()) {
        const params = { uri };
        await this.#subscribers.unsubscribe(uri, member, () => this.#tellServer('resources/unsubscribe', params));
      }
    };
    for (let n = 0; n < AT_A_TIME; n++) next();
  }

  /** Sends the server a request that no client waits for. Never rejects. */
  async #tellServer(method: string, params: object): Promise<Reply> {
    const signal = new Cancellation();
    const call: Call = { method, params: encode(params) };
    const exchange = { ...this.#peer, call, signal, unasked: true, abort: (error: Error) => signal.abort(error) };
    const reply = await this.#server?.request(exchange).catch(() => undefined);
    return reply ?? { result: encode({}) };
  }
}

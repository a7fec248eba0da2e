/**
 * Makes a server of 2026-07-28 look like one of an older revision. Answers what that revision asks of a session, gives
 * every request the envelope of the client, and asks the client what the server wants to know.
 */
import { Cancellation } from '../../core/cancel.ts';
import { derived, type Exchange, type Peer, type Session } from '../../core/exchange.ts';
import { asString, encode, isObject, type Json, member, peek, peekObject } from '../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, METHOD_NOT_FOUND, type Reply } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';
import { declaredRevision } from '../../mcp/envelope.ts';
import { clientEnvelope, stamped, withLogLevel } from '../../mcp/eras/client-envelope.ts';
import { initializeResultOf } from '../../mcp/eras/introduction.ts';
import type { LegacyClient } from '../../mcp/eras/questions/for-legacy.ts';
import { hasTasks, knowsTasks, withTaskSupport, withTasksDeclared } from '../../mcp/eras/task-support.ts';
import { requestedRevision } from '../../mcp/handshake.ts';
import { LOG_LEVELS } from '../../mcp/log-levels.ts';
import { isAboutTask, isClientNotification, isClientRequest, METHODS } from '../../mcp/methods.ts';
import { isModernRevision, LEGACY_REVISIONS } from '../../mcp/revisions.ts';
import { OpenCalls } from '../../wire/open-calls.ts';
import { ErrorAnswer } from './error-answer.ts';
import { ListChanges } from './list-changes.ts';
import { Listening } from './listening.ts';
import { ResourceSubscriptions } from './resource-subscriptions.ts';
import { Results } from './results.ts';
import { answerRounds } from './rounds.ts';
import type { ModernTasks } from './tasks/modern-tasks.ts';

export interface ModernServerOptions {
  readonly server: Session;
  readonly client: Peer;
  readonly log: Log;
  /** Names a server that does not name itself. */
  readonly host: string;
  /** The `initialize` of the client. */
  readonly initialize: Call;
  /** The server's answer to `server/discover`. */
  readonly discovered: Json;
}

export class ModernServer {
  /** The answer to the client's `initialize`. */
  readonly introduction: Json;
  readonly #server: Session;
  readonly #client: LegacyClient;
  readonly #capabilities: Json;
  readonly #results = new Results();
  /** The calls that wait for answers of the client. */
  readonly #asking = new OpenCalls();
  readonly #changes: ListChanges;
  readonly #subscriptions: ResourceSubscriptions;
  readonly #closing = new Cancellation();
  /** Undefined: the server makes no tasks of calls. */
  #tasks: Promise<ModernTasks> | undefined;
  #envelope: Json;
  #level: string | undefined;

  constructor({ server, client, log, host, initialize, discovered }: ModernServerOptions) {
    const revision = requestedRevision(initialize) ?? LEGACY_REVISIONS[0];
    this.#server = server;
    this.#client = { revision, capabilities: peekObject(initialize.params, 'capabilities') ?? encode({}) };
    this.#envelope = clientEnvelope(initialize);
    this.introduction = initializeResultOf(discovered, revision, host);
    this.#capabilities = member(this.introduction, 'capabilities') as Json;
    const listening = new Listening({
      send: (exchange) => this.#send(exchange, exchange.call.params),
      client,
      closing: this.#closing,
      log,
    });
    this.#changes = new ListChanges(listening, this.#capabilities);
    this.#subscriptions = new ResourceSubscriptions(listening);
    if (hasTasks(peekObject(discovered, 'capabilities'))) this.#tasks = this.#openTasks(client, log);
  }

  /** The client is ready for notifications. */
  ready(): void {
    this.#changes.open();
  }

  request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    // A client that changes over to 2026-07-28 by itself gets what it would get without the bridge.
    const revision = declaredRevision(call);
    if (revision !== undefined && isModernRevision(revision)) return this.#server.request(exchange);
    switch (call.method) {
      case 'ping':
        return Promise.resolve({ result: encode({}) });
      case 'logging/setLevel':
        return Promise.resolve(this.#setLevel(call));
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        return this.#subscribe(exchange);
    }
    const tasks = this.#tasks && this.#withTasks(exchange, this.#tasks);
    if (tasks) return tasks;
    if (isForeign(call.method)) return Promise.resolve(notFound(call));
    return this.#rounds(exchange);
  }

  #rounds(exchange: Exchange): Promise<Reply> {
    return answerRounds(exchange, {
      client: this.#client,
      results: this.#results,
      asking: this.#asking,
      send: (leg, params) => this.#send(leg, params),
    });
  }

  /** What is different with a server that can make tasks of calls; undefined: nothing. */
  #withTasks(exchange: Exchange, tasks: Promise<ModernTasks>): Promise<Reply> | undefined {
    const { method } = exchange.call;
    if (method === 'tools/call') return tasks.then((own) => own.call(exchange));
    if (isAboutTask(method)) return tasks.then((own) => own.about(exchange));
    if (method !== 'tools/list' || !knowsTasks(this.#client.revision)) return undefined;
    return this.#rounds(exchange).then((reply) =>
      'error' in reply ? reply : { ...reply, result: withTaskSupport(reply.result) },
    );
  }

  /** Loaded on demand: most servers have no tasks. */
  async #openTasks(peer: Peer, log: Log): Promise<ModernTasks> {
    const { ModernTasks } = await import('./tasks/modern-tasks.ts');
    return new ModernTasks({
      client: this.#client,
      results: this.#results,
      asking: this.#asking,
      send: (exchange, params, declares) => {
        return this.#send(exchange, params, declares ? withTasksDeclared(this.#envelope) : this.#envelope);
      },
      peer,
      closing: this.#closing,
      log,
    });
  }

  /** Passes on a notification, unless 2026-07-28 does not have it. */
  notify(call: Call): Promise<void> | undefined {
    if (call.method === 'notifications/initialized') this.ready();
    if (isClientNotification(call.method)) return undefined;
    return this.#server.notify({ ...call, params: stamped(call.params, this.#envelope) });
  }

  /** What brings another session to the state of this one, after `initialize`. */
  get repeat(): Call[] {
    const level = this.#level;
    return [
      ...(level ? [{ method: 'logging/setLevel', params: encode({ level }) }] : []),
      ...this.#subscriptions.uris.map((uri) => ({ method: 'resources/subscribe', params: encode({ uri }) })),
    ];
  }

  /** Resolves as soon as no call waits for answers of the client. */
  idle(): Promise<void> {
    return this.#asking.idle();
  }

  /** Answers the calls that wait for the client with the reason. */
  destroy(reason: ProxyError): void {
    this.#asking.destroy(reason);
    this.end();
  }

  /** Ends what the bridge has opened itself. Idempotent. */
  end(): void {
    this.#closing.abort(new ProxyError('failed', 'the session has ended'));
    this.#tasks?.then((tasks) => tasks.end());
  }

  #send(exchange: Exchange, params: Json | undefined, envelope = this.#envelope): Promise<Reply> {
    const call = { ...exchange.call, params: stamped(params, envelope) };
    return this.#server.request(derived(exchange, { call }));
  }

  #setLevel(call: Call): Reply {
    if (!peekObject(this.#capabilities, 'logging')) return notFound(call);
    const level = asString(peek(call.params, 'level')) ?? '';
    if (!LOG_LEVELS.includes(level)) {
      return errorReply(INVALID_PARAMS, `Invalid params: level is not one of ${LOG_LEVELS.join(', ')}`);
    }
    this.#level = level;
    this.#envelope = withLogLevel(this.#envelope, level);
    return { result: encode({}) };
  }

  async #subscribe({ call }: Exchange): Promise<Reply> {
    const offered = peek(this.#capabilities, 'resources', 'subscribe')?.toString('latin1') === 'true';
    if (!offered) return notFound(call);
    const uri = isObject(call.params) ? asString(member(call.params, 'uri')) : undefined;
    if (uri === undefined) return errorReply(INVALID_PARAMS, 'Invalid params: uri is not a string');
    try {
      if (call.method === 'resources/unsubscribe') this.#subscriptions.remove(uri);
      else await this.#subscriptions.add(uri);
      return { result: encode({}) };
    } catch (error) {
      if (error instanceof ErrorAnswer && 'error' in error.reply) return error.reply;
      throw error;
    }
  }
}

/** Whether a method means something else in the client's revision than in 2026-07-28, or nothing. */
function isForeign(method: string): boolean {
  return isClientRequest(method) && (METHODS.get(method)?.era === 'modern' || isAboutTask(method));
}

function notFound({ method }: Call): Reply {
  return errorReply(METHOD_NOT_FOUND, `Method not found: ${method.slice(0, 200)}`);
}

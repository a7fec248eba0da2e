/**
 * One session with a legacy server, for the requests of modern clients that describe themselves alike. The server learns
 * once what its client can do; each request says it again.
 */
import { Cancellation, type CancelSignal } from '../../../core/cancel.ts';
import { derived, detached, type Exchange, type Peer, type Session } from '../../../core/exchange.ts';
import { encode, type Json, peekObject, peekText } from '../../../core/json.ts';
import { type Call, callOf, errorReply, INVALID_PARAMS, type Reply } from '../../../core/jsonrpc.ts';
import type { Connect } from '../../../core/layer.ts';
import { LinkedList } from '../../../core/lists/linked-list.ts';
import type { HeldCalls, RequestStates } from '../../../core/ports/held.ts';
import type { Log } from '../../../core/ports.ts';
import { drained, withLimit } from '../../../core/timer.ts';
import { EndedByProxy, type ProxyError } from '../../../errors.ts';
import { clientOf, legacyParams } from '../../../mcp/eras/legacy-request.ts';
import { refusedQuestion, unanswered } from '../../../mcp/eras/questions/for-modern.ts';
import { taskIdOf } from '../../../mcp/eras/tasks.ts';
import { INITIALIZED } from '../../../mcp/handshake.ts';
import { LOG_LEVELS, severityOf, wantedLevel } from '../../../mcp/log-levels.ts';
import { isListChange, mayAskDuring } from '../../../mcp/methods.ts';
import type { KeptBytes } from './kept-bytes.ts';
import { type CallAnswer, type CallHost, OngoingCall } from './ongoing-call.ts';
import { HeldQuestion } from './question.ts';
import { SessionTasks } from './session-tasks.ts';
import { Subscriptions } from './subscriptions.ts';

/** How long the server may take over a request of the session itself, in milliseconds. */
const OWN_LIMIT = 30_000;
/** How long a question about roots waits for a call that can carry it, in milliseconds. */
const PARKED = 30_000;
/** More questions do not wait. */
const MAX_PARKED = 10;
const NONE: readonly HeldQuestion[] = [];

export interface LegacySessionOptions {
  readonly connect: Connect;
  /** Opens the session. */
  readonly initialize: Call;
  readonly held: HeldCalls<OngoingCall>;
  readonly states: RequestStates;
  readonly kept: KeptBytes;
  /** The client. */
  readonly owner: string;
  /** Whether the client may be several programs, which must not hear of each other. */
  readonly several: boolean;
  readonly log: Log;
  /** Called when the session comes into use or is no longer used. */
  readonly changed: (session: HeldSession) => void;
}

export class HeldSession {
  readonly #options: LegacySessionOptions;
  readonly #session: Session;
  readonly #calls = new LinkedList<OngoingCall>();
  readonly #parked = new Map<HeldQuestion, ReturnType<typeof setTimeout>>();
  readonly #subscriptions: Subscriptions;
  readonly tasks: SessionTasks;
  readonly #closing = new Cancellation();
  /** What calls need of the session. */
  #host: CallHost;
  #opening: Promise<Reply> | undefined;
  /** What the server can do, as it said in its answer to `initialize`. */
  #capabilities: Json | undefined;
  /** The level that the server was told last, as an index of {@link LOG_LEVELS}. */
  #level: number | undefined;
  #settingLevel: Promise<unknown> | undefined;
  /** Called when the server says that the user has visited a page. */
  readonly #visited = new Set<() => void>();

  constructor(options: LegacySessionOptions) {
    this.#options = options;
    const { held, states, kept, owner } = options;
    this.#host = {
      held,
      states,
      kept,
      owner,
      serverInfo: undefined,
      revision: undefined,
      told: (note) => this.#told(note),
      askElsewhere: (call, signal) => this.#peer.ask(call, signal),
      over: (call) => {
        if (this.#calls.delete(call)) options.changed(this);
      },
    };
    this.#session = options.connect(this.#peer);
    this.tasks = new SessionTasks({
      capabilities: () => this.#capabilities,
      revision: () => this.#host.revision,
      send: (exchange) => this.#session.request(exchange),
      closing: this.#closing,
      changed: () => options.changed(this),
      log: options.log,
    });
    this.#subscriptions = new Subscriptions({
      capabilities: () => this.#capabilities,
      hasTask: (taskId) => this.tasks.has(taskId),
      announces: async () => (await this.#session.announces?.()) ?? true,
      ask: (call) => this.#ask(call),
      changed: () => options.changed(this),
    });
  }

  get established(): boolean {
    return this.#session.established;
  }

  /** Whether another server answers now, which needs no bridge. */
  get replaced(): boolean {
    return this.#session.era === 'modern';
  }

  get inUse(): boolean {
    return this.#calls.size > 0 || this.#subscriptions.size > 0 || this.tasks.size > 0;
  }

  get serverInfo(): Json | undefined {
    return this.#host.serverInfo;
  }

  /** Opens the session once, on behalf of the first request; the answer to `initialize`. After a failure, call it no more. */
  open(exchange: Exchange): Promise<Reply> {
    this.#opening ??= this.#initialize(exchange);
    return this.#opening;
  }

  /** Passes a call on, once the session is open. */
  async request(exchange: Exchange): Promise<CallAnswer> {
    const { method, params, extra } = exchange.call;
    const level = wantedLevel(exchange.call);
    if (level !== undefined) await this.#hear(level);
    if (exchange.signal.aborted) throw exchange.signal.reason;
    const own = legacyParams(params);
    const call = new OngoingCall(callOf(method, own, extra), this.#host);
    this.#calls.add(call);
    this.#options.changed(this);
    const waiting = this.#parked.size > 0 && mayAskDuring(method) ? this.#unpark(exchange) : NONE;
    return call.begin(exchange, () => this.tasks.call(exchange, call), waiting);
  }

  listen(exchange: Exchange): Promise<Reply> {
    const refused = this.tasks.refusedListen(exchange);
    return refused ? Promise.resolve(refused) : this.#subscriptions.listen(exchange);
  }

  notify(call: Call): Promise<void> | undefined {
    const params = legacyParams(call.params);
    return this.#session.notify({ ...call, ...(params && { params }) });
  }

  /** Resolves when the server says that the user has visited some page, or after so many milliseconds. */
  async visited(limit: number, signal: CancelSignal): Promise<void> {
    let done = (): void => {};
    const visited = new Promise<void>((resolve) => {
      done = resolve;
    });
    this.#visited.add(done);
    signal.addEventListener('abort', done, { once: true });
    const timer = setTimeout(done, limit);
    await visited;
    clearTimeout(timer);
    signal.removeEventListener('abort', done);
    this.#visited.delete(done);
  }

  /** Lets the calls in flight finish, and ends the session. Calls that wait for their clients end at once. */
  async close(limit: number): Promise<void> {
    const isAttended = ({ attended }: OngoingCall): boolean => attended;
    const isAwaited = [...this.#calls].some(isAttended);
    const left = isAwaited ? await drained(this.#calls.without(isAttended), limit) : limit;
    const isInUse = this.#calls.size + this.#parked.size > 0;
    this.#end(new EndedByProxy('failed', 'the session with the server was closed', { outcome: 'unknown' }));
    // What was answered just now becomes a message in this turn of the event loop, and must not come after the end.
    if (isInUse) await new Promise((resolve) => setTimeout(resolve));
    await this.#session.close(left);
  }

  destroy(reason: ProxyError): void {
    this.#end(reason);
    this.#session.destroy(reason);
  }

  #end(reason: ProxyError): void {
    for (const call of [...this.#calls]) call.end(reason);
    for (const question of [...this.#parked.keys()]) this.#release(question)?.answer(unanswered(question.call));
    this.#subscriptions.end();
    this.tasks.end();
    this.#closing.abort(reason);
  }

  async #initialize(exchange: Exchange): Promise<Reply> {
    const { initialize } = this.#options;
    // Other requests wait for it too, even if the first one is cancelled.
    const own = derived(detached(exchange), { call: initialize, notify: () => undefined, ask: this.#peer.ask });
    const reply = await this.#session.request(own);
    if ('error' in reply) return reply;
    this.#capabilities = peekObject(reply.result, 'capabilities');
    this.#host = {
      ...this.#host,
      serverInfo: peekObject(reply.result, 'serverInfo'),
      revision: peekText(reply.result, 'protocolVersion'),
    };
    this.#session.notify(INITIALIZED);
    return reply;
  }

  /** Tells the server to send log messages of this level, unless it does already. */
  async #hear(level: number): Promise<void> {
    if (!peekObject(this.#capabilities, 'logging')) return;
    if (this.#level === undefined || level < this.#level) {
      this.#level = level;
      const params = encode({ level: LOG_LEVELS[level] });
      this.#settingLevel = this.#ask({ method: 'logging/setLevel', params });
    }
    await this.#settingLevel;
  }

  /** Sends the server a request of the session itself. Never rejects. */
  #ask(call: Call): Promise<Reply> {
    // For every other request of the session, a client waits.
    const unasked = call.method === 'resources/unsubscribe';
    const asked = withLimit(OWN_LIMIT, this.#closing, (signal) => {
      const { notify, ask, room } = this.#peer;
      return this.#session.request({ call, signal, unasked, notify, ask, room, abort: () => {} });
    });
    return asked.catch((error: Error) => {
      this.#options.log.debug(`bridge: ${call.method} failed: ${error.message}`);
      return errorReply(INVALID_PARAMS, error.message);
    });
  }

  /** The client, as the server sees it outside of calls. */
  readonly #peer: Peer = {
    notify: (note) => this.#told(note),
    ask: (call, signal) => {
      const asked = this.tasks.ask(call, signal);
      if (asked) return asked;
      const declared = peekObject(this.#options.initialize.params, 'capabilities');
      const refused = refusedQuestion(call, declared);
      if (refused) return Promise.resolve(refused);
      const carrier = this.#carrier(call);
      if (carrier) return carrier.carry(call, signal);
      if (call.method === 'roots/list' && this.#parked.size < MAX_PARKED)
        return this.#park(new HeldQuestion(call, signal, { shared: true }));
      return Promise.resolve(noCarrier(call));
    },
    room: () => undefined,
  };

  /** The call that a question of the server can go with: the newest whose client is there, or else the newest. */
  #carrier(question: Call): OngoingCall | undefined {
    const attended = this.#calls.newestThat((call) => call.attended && call.canCarry(question));
    return attended ?? this.#calls.newestThat((call) => call.canCarry(question));
  }

  /** Keeps a question until a call comes that can carry it. */
  #park(question: HeldQuestion): Promise<Reply> {
    const timer = setTimeout(() => this.#release(question)?.answer(noCarrier(question.call)), PARKED);
    this.#parked.set(question, timer);
    question.watch(() => this.#release(question));
    return question.answered;
  }

  #release(question: HeldQuestion): HeldQuestion | undefined {
    clearTimeout(this.#parked.get(question));
    return this.#parked.delete(question) ? question : undefined;
  }

  /** The parked questions that the client of this request can answer. */
  #unpark({ call }: Exchange): HeldQuestion[] {
    const { capabilities } = clientOf(call);
    const able = [...this.#parked.keys()].filter((question) => !refusedQuestion(question.call, capabilities));
    for (const question of able) this.#release(question);
    return able;
  }

  /** Takes a message of the server that belongs to no call, or to more than one. */
  #told(note: Call): Promise<void> | undefined {
    if (note.method === 'notifications/message') return this.#log(note);
    if (note.method === 'notifications/elicitation/complete') {
      for (const done of [...this.#visited]) done();
      return undefined;
    }
    if (note.method === 'notifications/tools/list_changed') this.tasks.forgetTools();
    const task = note.method === 'notifications/tasks/status' ? taskIdOf(note) : undefined;
    if (task !== undefined && this.#subscriptions.hearsOf(task)) return this.#taskChanged(task);
    if (isListChange(note.method) || note.method === 'notifications/resources/updated') {
      return this.#subscriptions.told(note);
    }
    this.#options.log.debug(`bridge: dropped ${note.method}, which belongs to no request`);
    return undefined;
  }

  /** The server says so with a task alone; the client gets with it what the task brings along. */
  async #taskChanged(taskId: string): Promise<void> {
    const note = await this.tasks.change(taskId);
    if (note) await this.#subscriptions.told(note);
  }

  /** A log message goes to the newest request that wants it, but never to that of another client. */
  #log(note: Call): Promise<void> | undefined {
    const isAnyones = this.#options.several && this.#calls.size > 1;
    // Read once, however many calls are open.
    const severity = severityOf(note);
    const hearer = isAnyones ? undefined : this.#calls.newestThat((call) => call.wantsLog(severity));
    if (hearer) return hearer.notify(note);
    this.#options.log.debug('bridge: dropped a log message of the server, which belongs to no request');
    return undefined;
  }
}

/** The server's answer to a question that no call of the client can carry. */
function noCarrier({ method }: Call): Reply {
  return errorReply(INVALID_PARAMS, `No client request is in progress that could carry ${method}`);
}

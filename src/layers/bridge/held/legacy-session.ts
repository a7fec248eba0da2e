/**
 * One session with a legacy server, for the requests of modern clients that describe themselves alike. The server learns
 * once what its client can do; each request says it again.
 */
import { Cancellation, type CancelSignal } from '../../../core/cancel.ts';
import { derived, detached, type Exchange, type Peer, type Session } from '../../../core/exchange.ts';
import { encode, type Json, peekObject, peekText } from '../../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, type Reply } from '../../../core/jsonrpc.ts';
import type { Connect } from '../../../core/layer.ts';
import type { HeldCalls, RequestStates } from '../../../core/ports/held.ts';
import type { Log } from '../../../core/ports.ts';
import { withLimit } from '../../../core/timer.ts';
import { EndedByProxy } from '../../../errors.ts';
import { refusedQuestion, unanswered } from '../../../mcp/eras/input-requests.ts';
import { clientOf, legacyParams, wantedLevel } from '../../../mcp/eras/legacy-request.ts';
import { INITIALIZED } from '../../../mcp/handshake.ts';
import { LOG_LEVELS } from '../../../mcp/log-levels.ts';
import { isListChange, mayAskDuring } from '../../../mcp/methods.ts';
import type { KeptBytes } from './kept-bytes.ts';
import { type Answer, type CallHost, OngoingCall } from './ongoing-call.ts';
import { Question } from './question.ts';
import { Subscriptions } from './subscriptions.ts';

/** How long the server may take over a request of the session itself, in milliseconds. */
const OWN_LIMIT = 30_000;
/** How long a question about roots waits for a call that can carry it, in milliseconds. */
const PARKED = 30_000;
/** More questions do not wait. */
const MAX_PARKED = 10;

export interface LegacySessionOptions {
  readonly connect: Connect;
  /** Opens the session. */
  readonly initialize: Call;
  readonly held: HeldCalls<OngoingCall>;
  readonly states: RequestStates;
  readonly kept: KeptBytes;
  /** The client. */
  readonly owner: string;
  readonly log: Log;
  /** Called when the session comes into use or is no longer used. */
  readonly changed: (session: LegacySession) => void;
}

export class LegacySession {
  readonly #options: LegacySessionOptions;
  readonly #session: Session;
  readonly #calls = new Set<OngoingCall>();
  readonly #parked = new Map<Question, ReturnType<typeof setTimeout>>();
  readonly #subscriptions: Subscriptions;
  readonly #closing = new Cancellation();
  /** What calls need of the session. */
  #host: CallHost;
  #opening: Promise<Reply> | undefined;
  /** The server's answer to `initialize`. */
  #introduction: Json | undefined;
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
    this.#subscriptions = new Subscriptions({
      capabilities: () => this.#capabilities,
      announces: async () => (await this.#session.announces?.()) ?? true,
      ask: (call) => this.#ask(call),
      changed: () => options.changed(this),
    });
  }

  get established(): boolean {
    return this.#session.established;
  }

  get inUse(): boolean {
    return this.#calls.size > 0 || this.#subscriptions.size > 0;
  }

  get serverInfo(): Json | undefined {
    return peekObject(this.#introduction, 'serverInfo');
  }

  /** Opens the session once, on behalf of the first request; the answer to `initialize`. After a failure, call it no more. */
  open(exchange: Exchange): Promise<Reply> {
    this.#opening ??= this.#initialize(exchange);
    return this.#opening;
  }

  /** Passes a call on, once the session is open. */
  async request(exchange: Exchange): Promise<Answer> {
    const { method, params, extra } = exchange.call;
    const level = wantedLevel(exchange.call);
    if (level !== undefined) await this.#hear(level);
    if (exchange.signal.aborted) throw exchange.signal.reason;
    const own = legacyParams(params);
    const call = new OngoingCall({ method, ...(own && { params: own }), ...(extra && { extra }) }, this.#host);
    this.#calls.add(call);
    this.#options.changed(this);
    const waiting = mayAskDuring(method) ? this.#unpark(exchange) : [];
    return call.begin(exchange, () => this.#session.request(call), waiting);
  }

  listen(exchange: Exchange): Promise<Reply> {
    return this.#subscriptions.listen(exchange);
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

  /** Ends the session, and everything in it. */
  async close(limit: number): Promise<void> {
    const reason = new EndedByProxy('failed', 'the session with the server was closed', { outcome: 'unknown' });
    for (const call of [...this.#calls]) call.end(reason);
    for (const question of [...this.#parked.keys()]) this.#release(question)?.answer(unanswered(question.call));
    this.#subscriptions.end();
    this.#closing.abort(reason);
    await this.#session.close(limit);
  }

  get #capabilities(): Json | undefined {
    return peekObject(this.#introduction, 'capabilities');
  }

  async #initialize(exchange: Exchange): Promise<Reply> {
    const { initialize } = this.#options;
    // Other requests wait for it too, even if the first one is cancelled.
    const own = derived(detached(exchange), { call: initialize, notify: () => undefined, ask: this.#peer.ask });
    const reply = await this.#session.request(own);
    if ('error' in reply) return reply;
    this.#introduction = reply.result;
    this.#host = {
      ...this.#host,
      serverInfo: this.serverInfo,
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

  /** Sends the server a request that no client waits for. Never rejects. */
  #ask(call: Call): Promise<Reply> {
    const asked = withLimit(OWN_LIMIT, this.#closing, (signal) => {
      const { notify, ask, room } = this.#peer;
      return this.#session.request({ call, signal, notify, ask, room, abort: () => {} });
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
      const declared = peekObject(this.#options.initialize.params, 'capabilities');
      const refused = refusedQuestion(call, declared);
      if (refused) return Promise.resolve(refused);
      const carrier = this.#carrier(call);
      if (carrier) return carrier.carry(call, signal);
      if (call.method === 'roots/list' && this.#parked.size < MAX_PARKED)
        return this.#park(new Question(call, signal, true));
      return Promise.resolve(noCarrier(call));
    },
    room: () => undefined,
  };

  /** The call that a question of the server can go with: the newest whose client is there, or else the newest. */
  #carrier(question: Call): OngoingCall | undefined {
    const able = [...this.#calls].reverse().filter((call) => call.canCarry(question));
    return able.find(({ attended }) => attended) ?? able[0];
  }

  /** Keeps a question until a call comes that can carry it. */
  #park(question: Question): Promise<Reply> {
    const timer = setTimeout(() => this.#release(question)?.answer(noCarrier(question.call)), PARKED);
    this.#parked.set(question, timer);
    question.watch(() => this.#release(question));
    return question.answered;
  }

  #release(question: Question): Question | undefined {
    clearTimeout(this.#parked.get(question));
    return this.#parked.delete(question) ? question : undefined;
  }

  /** The parked questions that the client of this request can answer. */
  #unpark({ call }: Exchange): Question[] {
    if (this.#parked.size === 0) return [];
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
    if (isListChange(note.method) || note.method === 'notifications/resources/updated') {
      return this.#subscriptions.told(note);
    }
    this.#options.log.debug(`bridge: dropped ${note.method}, which belongs to no request`);
    return undefined;
  }

  /** A log message goes to a request that wants it; with several, to the newest. */
  #log(note: Call): Promise<void> | undefined {
    const hearer = [...this.#calls].reverse().find((call) => call.wantsLog(note));
    if (hearer) return hearer.notify(note);
    this.#options.log.debug('bridge: dropped a log message of the server, which no request asked for');
    return undefined;
  }
}

/** The server's answer to a question that no call of the client can carry. */
function noCarrier({ method }: Call): Reply {
  return errorReply(INVALID_PARAMS, `No client request is in progress that could carry ${method}`);
}

// A legacy server behind the bridge, without a wire: each session keeps what it receives, and a test decides the
// outcome of each request.
import { Cancellation } from '../../../../../src/core/cancel.ts';
import { Cancelled, type Exchange, type Peer } from '../../../../../src/core/exchange.ts';
import type { Call, Reply } from '../../../../../src/core/jsonrpc.ts';
import type { Connect } from '../../../../../src/core/layer.ts';
import type { HeldCalls } from '../../../../../src/core/ports/held.ts';
import type { Log } from '../../../../../src/core/ports.ts';
import { Bridge } from '../../../../../src/layers/bridge/held/bridge.ts';
import { KeptBytes } from '../../../../../src/layers/bridge/held/kept-bytes.ts';
import type { OngoingCall } from '../../../../../src/layers/bridge/held/ongoing-call.ts';
import { progressTokens } from '../../../../../src/layers/sharing/progress-layer.ts';
import { type Clock, memoryHeldCalls } from '../../../../../src/state/memory/held-calls.ts';
import { requestStates } from '../../../../../src/state/request-states.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test reads members of messages it knows the shape of
export type Value = any;

export const META = 'io.modelcontextprotocol/';
export const EVERYTHING = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

/** What a session of the server does with a request: an object is the result, an Error the JSON-RPC error. */
export type Act = (params: Value, exchange: Exchange, session: ServerSession) => Promise<Value> | Value;

export class RpcFailure extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor(code: number, message = 'no', data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** One session, as the server sees it. */
export interface ServerSession {
  readonly client: Peer;
  readonly requests: { readonly method: string; readonly params: Value }[];
  readonly notifications: string[];
  /** Calls that the client cancelled. */
  readonly cancelled: string[];
  closed: boolean;
}

export interface TestServer {
  readonly connect: Connect;
  readonly sessions: ServerSession[];
}

/** A server with these methods, over those of {@link DEFAULTS}. */
export function legacyPeer(methods: Record<string, Act> = {}): TestServer {
  const sessions: ServerSession[] = [];
  const all = { ...DEFAULTS, ...methods };
  const connect: Connect = (client) => {
    const session: ServerSession = { client, requests: [], notifications: [], cancelled: [], closed: false };
    sessions.push(session);
    return {
      request: (exchange) => served(all, session, exchange),
      notify: (call) => {
        session.notifications.push(call.method);
        return undefined;
      },
      established: true,
      era: 'legacy',
      close: async () => {
        session.closed = true;
      },
      destroy: () => {
        session.closed = true;
      },
    };
  };
  return { connect, sessions };
}

const DEFAULTS: Record<string, Act> = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: {
      tools: { listChanged: true },
      prompts: {},
      resources: { subscribe: true, listChanged: true },
      logging: {},
      tasks: { list: {} },
    },
    serverInfo: { name: 'legacy', version: '1' },
  }),
  'tools/list': () => ({ tools: [] }),
  'tools/call': () => ({ content: [] }),
  'logging/setLevel': () => ({}),
  'resources/subscribe': () => ({}),
  'resources/unsubscribe': () => ({}),
};

async function served(all: Record<string, Act>, session: ServerSession, exchange: Exchange): Promise<Reply> {
  const { method } = exchange.call;
  const params = exchange.call.params && JSON.parse(String(exchange.call.params));
  session.requests.push({ method, params });
  exchange.signal.addEventListener('abort', () => session.cancelled.push(method), { once: true });
  const act = all[method];
  try {
    if (!act) throw new RpcFailure(-32601, 'Method not found');
    return { result: Buffer.from(JSON.stringify(await act(params, exchange, session))) };
  } catch (error) {
    if (!(error instanceof RpcFailure)) throw error;
    const { code, message, data } = error;
    return { error: Buffer.from(JSON.stringify({ code, message, ...(data !== undefined && { data }) })) };
  }
}

/** Asks the client, on behalf of the server. */
export async function ask(
  from: Pick<Peer, 'ask'>,
  method: string,
  params?: object,
  signal = new Cancellation().signal,
): Promise<Value> {
  return outcomeOf(await from.ask(callOf(method, params), signal));
}

export function callOf(method: string, params?: object): Call {
  return { method, ...(params && { params: Buffer.from(JSON.stringify(params)) }) };
}

function outcomeOf(reply: Reply): Value {
  return 'error' in reply ? { error: JSON.parse(String(reply.error)) } : JSON.parse(String(reply.result));
}

/** One request of the client. */
export interface Sent {
  /** The result, or `{ error }`. */
  readonly answer: Promise<Value>;
  readonly notified: { readonly method: string; readonly params: Value }[];
  /** @param note its `notifications/cancelled`, if it sends one. */
  cancel(note?: Call): void;
}

export interface TestClient {
  readonly bridge: Bridge;
  readonly held: HeldCalls<OngoingCall>;
  readonly logged: string[];
  send(method: string, params?: object, capabilities?: object): Sent;
  /** Sends a request, and returns its result or `{ error }`. */
  ask(method: string, params?: object, capabilities?: object): Promise<Value>;
}

export interface TestClientOptions {
  readonly clock?: Clock;
  readonly held?: HeldCalls<OngoingCall>;
  readonly owner?: string;
  readonly several?: boolean;
  readonly kept?: KeptBytes;
  readonly states?: ReturnType<typeof requestStates>;
}

/** A modern client in front of a server. */
export function modernClient(server: TestServer, options: TestClientOptions = {}): TestClient {
  const {
    clock,
    owner = 'client',
    several = false,
    kept = new KeptBytes(),
    states = requestStates(clock && (() => clock.now())),
  } = options;
  const held = options.held ?? memoryHeldCalls<OngoingCall>(clock);
  const logged: string[] = [];
  const keep = (line: string): void => void logged.push(line);
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep };
  const bridge = new Bridge({
    connect: progressTokens()(server.connect),
    held,
    states,
    kept,
    owner,
    several,
    ourselves: Buffer.from('{"name":"mcp-proxy","version":"1.2.3"}'),
    log,
  });
  const send = (method: string, params: Value = {}, capabilities: object = EVERYTHING): Sent => {
    const cancellation = new Cancellation();
    const notified: Sent['notified'] = [];
    const envelope = { [`${META}protocolVersion`]: '2026-07-28', [`${META}clientCapabilities`]: capabilities };
    const whole = { ...params, _meta: { ...params._meta, ...envelope } };
    const exchange: Exchange = {
      call: callOf(method, whole),
      signal: cancellation.signal,
      abort: (error) => cancellation.abort(error),
      ask: () => Promise.reject(new Error('a modern client was asked')),
      room: () => undefined,
      notify: (note) => {
        notified.push({ method: note.method, params: note.params && JSON.parse(String(note.params)) });
        return undefined;
      },
    };
    const answer = bridge.request(exchange).then(outcomeOf);
    // A test that cancels a request may ignore the answer.
    answer.catch(() => {});
    return { answer, notified, cancel: (note) => cancellation.abort(new Cancelled(note)) };
  };
  return { bridge, held, logged, send, ask: (...sent) => send(...sent).answer };
}

/** The parameters of the request that answers a round. */
export function retry(params: object, round: Value, responses: object): object {
  return { ...params, inputResponses: responses, requestState: round.requestState };
}

export const ACCEPTED = { action: 'accept', content: { name: 'Ann' } };
export const FORM = { message: 'Name?', requestedSchema: { type: 'object', properties: {} } };

/** A clock that a test moves. */
export class TestClock implements Clock {
  #now = 1_000_000;
  readonly #timers = new Set<{ at: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.#now + milliseconds, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  move(milliseconds: number): void {
    this.#now += milliseconds;
    for (const timer of this.#timers) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      timer.run();
    }
  }

  get pending(): number {
    return this.#timers.size;
  }
}

// A raw JSON-RPC client over lines of text: what a stdio host does, without an SDK in between that would
// validate, reorder or swallow anything. Tests that care about bytes read `line`, the rest read `message`.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type RpcId = string | number | null;

export interface RpcMessage {
  jsonrpc: '2.0';
  id?: RpcId;
  method?: string;
  // Whatever the peer sent: tests look into these freely.
  // biome-ignore lint/suspicious/noExplicitAny: a test reads members of messages it knows the shape of
  params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  result?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  error?: { code: number; message: string; data?: any };
}

/** One line that arrived: the exact text, and what it says. */
export interface Received {
  line: string;
  message: RpcMessage;
}

/** The error a peer answered with, or one that a handler throws to answer with it. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;
  readonly line: string;
  constructor(code: number, message: string, data?: unknown, line = '') {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
    this.line = line;
  }
}

export type Matcher = string | ((message: RpcMessage, line: string) => boolean);
export type RequestHandler = (params: RpcMessage['params'], received: Received) => unknown;

export interface RpcWire {
  /** Writes one line; the newline is added by the wire. */
  write(line: string): void;
  /** What to show when a wait fails: stderr and the like. */
  describe(): string;
}

/** Generous on purpose: a wait that ends by this limit is a failure, never a measurement. */
export const WAIT_MS = 60_000;

export const MODERN = '2026-07-28';
const META = 'io.modelcontextprotocol/';

interface Waiter {
  what: string;
  matches(received: Received): boolean;
  settle(outcome: Received | Error): void;
}

export class RpcClient {
  /** Every line that was a JSON-RPC message, in order of arrival; nothing is ever removed. */
  readonly received: Received[] = [];
  /** Lines that were not: a healthy proxy writes none. */
  readonly garbage: string[] = [];
  /** Limit of every wait in milliseconds. */
  waitMs = WAIT_MS;

  readonly #wire: RpcWire;
  readonly #inbox: Received[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #handlers = new Map<string, RequestHandler>();
  #nextId = 1;
  #ended: string | undefined;

  constructor(wire: RpcWire) {
    this.#wire = wire;
  }

  // ---- sending ---------------------------------------------------------------------------------

  /** Sends a request and returns its result; an error answer is thrown as an RpcError. */
  async request(method: string, params?: unknown, id: RpcId = this.#nextId++): Promise<RpcMessage['result']> {
    const { message, line } = await this.exchange(method, params, id);
    if (message.error) throw new RpcError(message.error.code, message.error.message, message.error.data, line);
    return message.result;
  }

  /** Sends a request and returns the answer as it arrived, whether result or error, with its text. */
  exchange(method: string, params?: unknown, id: RpcId = this.#nextId++): Promise<Received> {
    const answer = this.response(id, method);
    this.raw(JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) }));
    return answer;
  }

  /** The answer to a request that was written with `raw`. Ids 1 and "1" are different ids. */
  response(id: RpcId, what = 'a request'): Promise<Received> {
    const key = JSON.stringify(id);
    return this.#take(
      `the response to ${what} (id ${key})`,
      ({ message }) => message.method === undefined && JSON.stringify(message.id) === key,
    );
  }

  notify(method: string, params?: unknown): void {
    this.raw(JSON.stringify({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) }));
  }

  /** Writes a line as it stands, valid or not. */
  raw(line: string): void {
    this.#wire.write(line);
  }

  /** Answers a request of the server that was taken with `next`. */
  reply(id: RpcId, result: unknown): void {
    this.raw(JSON.stringify({ jsonrpc: '2.0', id, result }));
  }

  replyError(id: RpcId, code: number, message: string, data?: unknown): void {
    this.raw(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } }));
  }

  /** A fresh request id, for lines that a test writes itself. */
  freshId(): number {
    return this.#nextId++;
  }

  // ---- receiving -------------------------------------------------------------------------------

  /**
   * Takes the first message that matches and that no earlier wait has taken, waiting for it if need be.
   * A string is the method of a notification or of a request of the server.
   */
  next(matcher: Matcher): Promise<Received> {
    if (typeof matcher === 'string') return this.#take(`"${matcher}"`, ({ message }) => message.method === matcher);
    return this.#take('a message the test waits for', ({ message, line }) => matcher(message, line));
  }

  /** Messages that arrived and that nobody has taken yet. */
  untaken(): readonly Received[] {
    return this.#inbox;
  }

  /**
   * Answers every request of the server with this method from now on: what the handler returns is the result, an
   * RpcError it throws is the error. Requests without a handler stay for `next`.
   */
  on(method: string, handler: RequestHandler): this {
    this.#handlers.set(method, handler);
    return this;
  }

  // ---- the two openings ------------------------------------------------------------------------

  /** Opens as a client of the revisions with a handshake; returns the InitializeResult. */
  async initialize(protocolVersion = '2025-11-25', capabilities: object = {}): Promise<RpcMessage['result']> {
    const clientInfo = { name: 'line-client', version: '1.0.0' };
    const result = await this.request('initialize', { protocolVersion, capabilities, clientInfo });
    this.notify('notifications/initialized');
    return result;
  }

  /** A request as a client of revision 2026-07-28 sends it: with the `_meta` every such request carries. */
  modern(method: string, params: object = {}, capabilities: object = {}): Promise<RpcMessage['result']> {
    return this.request(method, modernParams(params, capabilities));
  }

  // ---- fed by the wire -------------------------------------------------------------------------

  /** One line that the peer wrote. */
  accept(line: string): void {
    const message = parse(line);
    if (message === undefined) {
      this.garbage.push(line);
      return;
    }
    const received = { line, message };
    this.received.push(received);
    if (message.method !== undefined && message.id !== undefined) {
      const handler = this.#handlers.get(message.method);
      if (handler) {
        void this.#handle(handler, received);
        return;
      }
    }
    const at = this.#waiters.findIndex((waiter) => waiter.matches(received));
    if (at < 0) this.#inbox.push(received);
    else this.#waiters.splice(at, 1)[0]?.settle(received);
  }

  /** The peer will write nothing any more: waits fail at once instead of at the limit. */
  end(reason: string): void {
    this.#ended = reason;
    for (const waiter of this.#waiters.splice(0)) waiter.settle(this.#failure(waiter.what, reason));
  }

  async #handle(handler: RequestHandler, received: Received): Promise<void> {
    const id = received.message.id ?? null;
    try {
      this.reply(id, await handler(received.message.params, received));
    } catch (error) {
      if (error instanceof RpcError) this.replyError(id, error.code, error.message, error.data);
      else this.replyError(id, -32603, String(error));
    }
  }

  #take(what: string, matches: Waiter['matches']): Promise<Received> {
    const at = this.#inbox.findIndex(matches);
    const [found] = at < 0 ? [] : this.#inbox.splice(at, 1);
    if (found) return Promise.resolve(found);
    if (this.#ended !== undefined) return Promise.reject(this.#failure(what, this.#ended));
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        what,
        matches,
        settle: (outcome) => {
          clearTimeout(timer);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(this.#failure(what, `nothing within ${this.waitMs} ms`));
      }, this.waitMs);
      this.#waiters.push(waiter);
    });
  }

  #failure(what: string, reason: string): Error {
    const last = this.received.slice(-5).map(({ line }) => `  ${line.slice(0, 500)}`);
    const parts = [`waited for ${what}: ${reason}`, `last of ${this.received.length} messages:`, ...last];
    if (this.garbage.length > 0) parts.push(`lines that are not JSON-RPC: ${JSON.stringify(this.garbage.slice(-5))}`);
    parts.push(this.#wire.describe());
    return new Error(parts.join('\n'));
  }
}

/** Params with the `_meta` that revision 2026-07-28 asks of every request; what the caller put there stays. */
export function modernParams(params: object = {}, capabilities: object = {}): object {
  const given = (params as { _meta?: object })._meta ?? {};
  return {
    ...params,
    _meta: {
      [`${META}protocolVersion`]: MODERN,
      [`${META}clientInfo`]: { name: 'line-client', version: '1.0.0' },
      [`${META}clientCapabilities`]: capabilities,
      ...given,
    },
  };
}

function parse(line: string): RpcMessage | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const shaped = typeof value === 'object' && value !== null && (value as RpcMessage).jsonrpc === '2.0';
    // A batch is one line too; a test that sends batches looks at `line`.
    return shaped || Array.isArray(value) ? (value as RpcMessage) : undefined;
  } catch {
    return undefined;
  }
}

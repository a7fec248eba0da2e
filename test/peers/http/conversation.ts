// What the clients over HTTP have in common: they number requests as the test says, keep what arrives, hand each answer
// to the call that waits for it, and answer the server's questions.
import { RpcError, type RpcId, type RpcMessage } from '../rpc.ts';
import { type Arrival, Arrivals, type MessageStream } from './arrivals.ts';
import type { Exchange } from './exchange.ts';

/** The return value answers a question of the server; a thrown RpcError refuses it. */
export type QuestionHandler = (params: RpcMessage['params'], arrival: Arrival) => unknown;

/** The server refused the HTTP request itself. */
export class HttpRefusal extends Error {
  readonly status: number;
  readonly exchange: Exchange;
  /** The JSON-RPC error in the body, if there is one. */
  readonly rpc: RpcMessage['error'];
  constructor(exchange: Exchange) {
    super(`HTTP ${exchange.status}: ${exchange.body.slice(0, 500)}`);
    this.name = 'HttpRefusal';
    this.status = exchange.status;
    this.exchange = exchange;
    this.rpc = errorIn(exchange.body);
  }
}

/** A request on its way. */
export interface Pending {
  readonly id: RpcId;
  /** The answer, result or error, wherever it came. Rejects when no answer can come any more. */
  readonly answer: Promise<Arrival>;
  /** The HTTP response to the request has begun. */
  readonly response: Promise<Exchange>;
  /** Closes the connection of this request. */
  abandon(): void;
}

export interface ExpectedAnswer {
  readonly answer: Promise<Arrival>;
  /** The answer has not come, and nobody has given it up. */
  isDue(): boolean;
  fail(reason: Error): void;
}

interface Expected {
  settle(outcome: Arrival | Error): void;
}

export abstract class Conversation {
  readonly arrivals = new Arrivals(() => this.refusals.map(({ message }) => message).join('\n'));
  /** HTTP requests that were refused, including those whose answer nobody waited for. */
  readonly refusals: HttpRefusal[] = [];
  /** Texts that were no JSON-RPC message; a healthy server sends none. */
  readonly garbage: string[] = [];

  readonly #expected = new Map<string, Expected>();
  readonly #handlers = new Map<string, QuestionHandler>();
  #requests = 0;
  #lastId = 0;

  /** Sends a request; `id` is the next number unless the test chooses. */
  abstract begin(method: string, params?: object, id?: RpcId): Pending;
  /** Sends a message that is not answered; resolves when the server has accepted it. */
  abstract deliver(message: object): Promise<void>;

  /** Sends a request and waits for its answer, result or error. */
  call(method: string, params?: object, id?: RpcId): Promise<Arrival> {
    return this.begin(method, params, id).answer;
  }

  /** Sends a request and returns its result; an error is thrown as an RpcError. */
  async request(method: string, params?: object, id?: RpcId): Promise<RpcMessage['result']> {
    const { message, text } = await this.call(method, params, id);
    if (message.error) throw new RpcError(message.error.code, message.error.message, message.error.data, text);
    return message.result;
  }

  notify(method: string, params?: object): Promise<void> {
    return this.deliver({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) });
  }

  cancel(requestId: RpcId, reason = 'the test says so'): Promise<void> {
    return this.notify('notifications/cancelled', { requestId, reason });
  }

  /** Answers every request of the server with this method from now on; others stay for `arrivals.next`. */
  on(method: string, handler: QuestionHandler): this {
    this.#handlers.set(method, handler);
    return this;
  }

  protected nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  protected newStream(kind: MessageStream['kind'], request?: RpcId): MessageStream {
    this.#requests += 1;
    return { kind, number: this.#requests, request, events: false, eventIds: [] };
  }

  /** One message, or a batch of them. */
  protected accept(text: string, stream: MessageStream, eventId: string | undefined): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.garbage.push(text);
      return;
    }
    if (Array.isArray(value)) {
      for (const message of value) this.accept(JSON.stringify(message), stream, eventId);
      return;
    }
    if ((value as RpcMessage | null)?.jsonrpc !== '2.0') {
      this.garbage.push(text);
      return;
    }
    this.#take({ message: value as RpcMessage, text, stream, eventId });
  }

  #take(arrival: Arrival): void {
    const { message } = arrival;
    const handler = message.id === undefined ? undefined : this.#handlers.get(message.method ?? '');
    const key = JSON.stringify(message.id ?? null);
    const expected = message.method === undefined ? this.#expected.get(key) : undefined;
    if (expected) this.#expected.delete(key);
    this.arrivals.add(arrival);
    expected?.settle(arrival);
    if (handler) void this.#answer(handler, arrival);
  }

  async #answer(handler: QuestionHandler, arrival: Arrival): Promise<void> {
    const id = arrival.message.id ?? null;
    let outcome: object;
    try {
      outcome = { result: await handler(arrival.message.params, arrival) };
    } catch (error) {
      const { code, message } = error instanceof RpcError ? error : { code: -32603, message: String(error) };
      outcome = { error: { code, message } };
    }
    // Keeps refusals; whether one matters is up to the test.
    await this.deliver({ jsonrpc: '2.0', id, ...outcome }).catch(() => {});
  }

  /** Waits for the answer to a request; the promise rejects with what `fail` is given. */
  protected expectAnswer(id: RpcId): ExpectedAnswer {
    const key = JSON.stringify(id);
    const expected: Expected = { settle: () => {} };
    const answer = new Promise<Arrival>((resolve, reject) => {
      expected.settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
    });
    // Not every test looks at every answer.
    answer.catch(() => {});
    this.#expected.set(key, expected);
    return {
      answer,
      isDue: () => this.#expected.get(key) === expected,
      fail: (reason) => {
        if (this.#expected.get(key) === expected) this.#expected.delete(key);
        expected.settle(reason);
      },
    };
  }

  /** Waits for the acceptance of a message that is not answered. */
  protected async accepted(response: Promise<Exchange>): Promise<void> {
    const exchange = await response;
    await exchange.ended;
    if (exchange.status >= 300) throw this.refused(exchange);
  }

  protected refused(exchange: Exchange): HttpRefusal {
    const refusal = new HttpRefusal(exchange);
    this.refusals.push(refusal);
    return refusal;
  }
}

function errorIn(body: string): RpcMessage['error'] {
  try {
    return (JSON.parse(body) as RpcMessage).error;
  } catch {
    return undefined;
  }
}

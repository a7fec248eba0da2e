// A raw client of HTTP+SSE, revision 2024-11-05: one stream for everything that comes, a POST for everything that goes.
//
//   const client = new SseClient(`${serving.url}/sse`);
//   await client.open();
//   await client.initialize();
//   const { message } = await client.call('tools/call', { name: 'echo', arguments: {} }, 7);
//   client.vanish();
import http from 'node:http';
import type { RpcId, RpcMessage } from '../rpc.ts';
import { Conversation, type Pending } from './conversation.ts';
import { type Exchange, type Sending, send } from './exchange.ts';
import type { StreamableOptions } from './streamable-client.ts';

export class SseClient extends Conversation {
  readonly url: string;
  readonly headers: Record<string, string>;
  /** Where messages go, once the stream has named it; a test may set what it likes. */
  endpoint: string | undefined;
  /** Comments on the stream so far: heartbeats. */
  comments = 0;

  readonly #agent: http.Agent;
  readonly #ca: string | undefined;
  readonly #failures = new Set<(reason: Error) => void>();
  #stream: Sending | undefined;

  constructor(url: string, options: StreamableOptions = {}) {
    super();
    this.url = url;
    this.headers = { ...options.headers };
    this.#agent = options.agent ?? new http.Agent({ keepAlive: true });
    this.#ca = options.ca;
  }

  /** Opens the stream; resolves when it has named the endpoint. Calls under way fail when the stream ends. */
  async open(): Promise<Exchange> {
    const stream = this.newStream('SSE');
    let named = (_endpoint: string): void => {};
    const endpoint = new Promise<string>((resolve) => {
      named = resolve;
    });
    const sending = send({
      method: 'GET',
      url: this.url,
      headers: { accept: 'text/event-stream', ...this.headers },
      agent: this.#agent,
      ca: this.#ca,
      stream,
      message: (text, eventId) => this.accept(text, stream, eventId),
      event: (name, data) => {
        if (name === 'endpoint') named(data);
      },
      comment: () => {
        this.comments += 1;
      },
    });
    this.#stream = sending;
    const exchange = await sending.response;
    const over = exchange.ended.then((end) => {
      const error = exchange.status === 200 ? new Error(`the stream ended (${end})`) : this.refused(exchange);
      for (const fail of this.#failures) fail(error);
      throw error;
    });
    over.catch(() => {});
    this.endpoint = new URL(await Promise.race([endpoint, over]), this.url).href;
    return exchange;
  }

  async initialize(
    protocolVersion = '2024-11-05',
    capabilities: object = {},
    id?: RpcId,
  ): Promise<RpcMessage['result']> {
    const clientInfo = { name: 'sse-client', version: '1.0.0' };
    const result = await this.request('initialize', { protocolVersion, capabilities, clientInfo }, id);
    await this.notify('notifications/initialized');
    return result;
  }

  override begin(method: string, params?: object, id: RpcId = this.nextId()): Pending {
    const { answer, fail } = this.expectAnswer(id);
    this.#failures.add(fail);
    const forget = (): void => void this.#failures.delete(fail);
    answer.then(forget, forget);
    const sending = this.post(
      JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) }),
      {},
      id,
    );
    this.accepted(sending.response).catch(fail);
    return { id, answer, response: sending.response, abandon: () => sending.destroy() };
  }

  override async deliver(message: object): Promise<void> {
    await this.accepted(this.post(JSON.stringify(message)).response);
  }

  /** Posts a body as it stands. */
  post(body: string | Buffer, headers: Record<string, string> = {}, request?: RpcId): Sending {
    if (this.endpoint === undefined) throw new Error('the stream has not named an endpoint');
    const stream = this.newStream('POST', request);
    return send({
      method: 'POST',
      url: this.endpoint,
      headers: { 'content-type': 'application/json', ...this.headers, ...headers },
      body,
      agent: this.#agent,
      ca: this.#ca,
      stream,
      // An answer to a POST other than 202 is kept as if it had come on the stream; `stream.kind` says where it came.
      message: (text, eventId) => this.accept(text, stream, eventId),
    });
  }

  /** Leaves: in this revision, a client sends nothing when it does. */
  vanish(): void {
    this.#stream?.destroy();
    this.#agent.destroy();
  }
}

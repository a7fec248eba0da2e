// A raw client of Streamable HTTP with sessions, revisions 2025-03-26 to 2025-11-25.
//
//   const client = new StreamableClient(`${serving.url}/mcp`);
//   client.on('elicitation/create', () => ({ action: 'decline' }));
//   await client.initialize('2025-06-18', { elicitation: {} });
//   await client.listen();
//   const { message, stream } = await client.call('tools/call', { name: 'echo', arguments: {} }, 7);
//   await client.close();
//
// It never repeats a request, and does what the test says even where a good client would not.
import http from 'node:http';
import type { RpcId, RpcMessage } from '../rpc.ts';
import type { MessageStream } from './arrivals.ts';
import { Conversation, type Pending } from './conversation.ts';
import { type Exchange, type Sending, send } from './exchange.ts';
import { watchPost } from './post.ts';

export interface StreamableOptions {
  /** Sent with every request, over what the client sends itself. */
  readonly headers?: Record<string, string>;
  readonly agent?: http.Agent;
  readonly ca?: string;
}

export interface GetOptions {
  readonly lastEventId?: string | undefined;
  readonly headers?: Record<string, string>;
}

export class StreamableClient extends Conversation {
  /** A test may go on elsewhere. */
  url: string;
  /** From the response to initialize; a test may set what it likes. */
  sessionId: string | undefined;
  /** Sent as MCP-Protocol-Version once it is negotiated. */
  protocolVersion: string | undefined;
  /** Sent with every request. */
  readonly headers: Record<string, string>;
  /** Comments on its streams so far: heartbeats. */
  comments = 0;

  readonly #agent: http.Agent;
  readonly #ca: string | undefined;
  /** Streams and calls that are open. */
  readonly #open = new Set<Sending>();

  constructor(url: string, options: StreamableOptions = {}) {
    super();
    this.url = url;
    this.headers = { ...options.headers };
    // Sockets of its own: what one client does to its connections affects no other.
    this.#agent = options.agent ?? new http.Agent({ keepAlive: true });
    this.#ca = options.ca;
  }

  /** Opens a session and says so; returns the InitializeResult. */
  async initialize(
    protocolVersion = '2025-11-25',
    capabilities: object = {},
    id?: RpcId,
  ): Promise<RpcMessage['result']> {
    const clientInfo = { name: 'streamable-client', version: '1.0.0' };
    const pending = this.begin('initialize', { protocolVersion, capabilities, clientInfo }, id);
    const { message } = await pending.answer;
    if (message.error) throw new Error(`initialize: ${JSON.stringify(message.error)}`);
    const session = (await pending.response).headers['mcp-session-id'];
    this.sessionId = typeof session === 'string' ? session : undefined;
    this.protocolVersion = message.result.protocolVersion as string;
    await this.notify('notifications/initialized');
    return message.result;
  }

  override begin(method: string, params?: object, id: RpcId = this.nextId()): Pending {
    const expected = this.expectAnswer(id);
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
    const sending = this.post(body, {}, id);
    void watchPost(sending, expected, (exchange) => this.refused(exchange));
    return { id, answer: expected.answer, response: sending.response, abandon: () => sending.destroy() };
  }

  override async deliver(message: object): Promise<void> {
    await this.accepted(this.post(JSON.stringify(message)).response);
  }

  /** Posts a body as it stands. `headers` go over those of the client; an empty value leaves one away. */
  post(body: string | Buffer, headers: Record<string, string> = {}, request?: RpcId): Sending {
    const own = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    return this.#send('POST', this.newStream('POST', request), { ...own, ...headers }, body);
  }

  /** Opens the stream of the session, or goes on with any stream after an event. Resolves when it has begun. */
  async listen({ lastEventId, headers = {} }: GetOptions = {}): Promise<Exchange> {
    const own: Record<string, string> = { accept: 'text/event-stream' };
    if (lastEventId !== undefined) own['last-event-id'] = lastEventId;
    const exchange = await this.#send('GET', this.newStream('GET'), { ...own, ...headers }).response;
    if (exchange.status !== 200) {
      await exchange.ended;
      throw this.refused(exchange);
    }
    return exchange;
  }

  /** DELETEs the session; resolves with the response. The connections stay. */
  async delete(): Promise<Exchange> {
    const exchange = await this.#send('DELETE', this.newStream('POST'), {}).response;
    await exchange.ended;
    return exchange;
  }

  /** Leaves as a good client does. */
  async close(): Promise<void> {
    if (this.sessionId !== undefined) await this.delete();
    this.vanish();
  }

  /** Closes every connection without a DELETE. */
  vanish(): void {
    for (const sending of this.#open) sending.destroy();
    this.#agent.destroy();
  }

  #send(method: string, stream: MessageStream, headers: Record<string, string>, body?: string | Buffer): Sending {
    const own: Record<string, string> = {};
    if (this.sessionId !== undefined) own['mcp-session-id'] = this.sessionId;
    if (this.protocolVersion !== undefined) own['mcp-protocol-version'] = this.protocolVersion;
    const all = Object.entries({ ...own, ...this.headers, ...headers }).filter(([, value]) => value !== '');
    const sending = send({
      method,
      url: this.url,
      headers: Object.fromEntries(all),
      body,
      agent: this.#agent,
      ca: this.#ca,
      stream,
      message: (text, eventId) => this.accept(text, stream, eventId),
      comment: () => {
        this.comments += 1;
      },
    });
    this.#open.add(sending);
    const forget = (): void => void this.#open.delete(sending);
    sending.response.then(({ ended }) => ended).then(forget, forget);
    return sending;
  }
}

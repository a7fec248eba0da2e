// The four kinds of clients of the matrix, with one face: of either era, on stdio or over HTTP.
import { PassThrough } from 'node:stream';
import type { Arrival } from '../peers/http/arrivals.ts';
import { ModernClient } from '../peers/http/modern-client.ts';
import { StreamableClient } from '../peers/http/streamable-client.ts';
import { modernParams, RpcClient, type RpcMessage } from '../peers/rpc.ts';
import type { Cell } from './cells.ts';

export interface Client {
  /** Opens the connection, or opens it again. Resolves with the answer. */
  open(): Promise<RpcMessage>;
  /** Sends a request and answers what the server asks. Resolves with the answer; rejects when none can come. */
  ask(method: string, params?: object): Promise<RpcMessage>;
  /** Sends a request whose answer is not waited for. */
  begin(method: string, params?: object): void;
  /** Requests that did not get exactly one answer, with the number of answers. */
  unanswered(): string[];
  close(): Promise<void>;
}

const ACCEPTED = { action: 'accept', content: { n: 1 } };
const ELICITATION = { elicitation: {} };
const HANDSHAKE = {
  protocolVersion: '2025-11-25',
  capabilities: ELICITATION,
  clientInfo: { name: 'faults', version: '1' },
};

/** A client on two streams. */
export class StdioClient implements Client {
  readonly streams = { input: new PassThrough(), output: new PassThrough() };
  readonly #rpc: RpcClient;
  readonly #isModern: boolean;
  readonly #sent: number[] = [];

  constructor({ client }: Cell) {
    this.#isModern = client === 'modern';
    this.#rpc = new RpcClient({ write: (line) => this.streams.input.write(`${line}\n`), describe: () => '' });
    this.#rpc.on('elicitation/create', () => ACCEPTED);
    let rest = '';
    this.streams.output.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#rpc.accept(line);
    });
  }

  async open(): Promise<RpcMessage> {
    if (this.#isModern) return this.ask('server/discover');
    const answer = await this.ask('initialize', HANDSHAKE);
    if (answer.result) this.#rpc.notify('notifications/initialized');
    return answer;
  }

  ask(method: string, params: object = {}): Promise<RpcMessage> {
    return answered((more) => this.#send(method, { ...params, ...more }));
  }

  begin(method: string, params: object = {}): void {
    this.#send(method, params).catch(() => {});
  }

  async #send(method: string, params: object): Promise<RpcMessage> {
    const id = this.#rpc.freshId();
    this.#sent.push(id);
    const whole = this.#isModern ? modernParams(params, ELICITATION) : params;
    return (await this.#rpc.exchange(method, whole, id)).message;
  }

  unanswered(): string[] {
    const answers = this.#rpc.received.filter(({ message }) => message.method === undefined);
    const count = (id: number): number => answers.filter(({ message }) => message.id === id).length;
    return [...this.#sent.filter((id) => count(id) !== 1).map((id) => `${id}: ${count(id)}`), ...this.#rpc.garbage];
  }

  async close(): Promise<void> {
    this.streams.input.end();
  }
}

/** A client over HTTP, which opens a new session when it opens again. */
export class HttpClient implements Client {
  readonly #url: string;
  readonly #isModern: boolean;
  readonly #opened: (StreamableClient | ModernClient)[] = [];
  readonly #sent: { readonly client: StreamableClient | ModernClient; readonly id: number; readonly ends: boolean }[] =
    [];
  #lastId = 0;

  constructor(url: string, { client }: Cell) {
    this.#url = url;
    this.#isModern = client === 'modern';
  }

  async open(): Promise<RpcMessage> {
    await this.#close();
    if (this.#isModern) {
      const client = new ModernClient(this.#url);
      client.capabilities = ELICITATION;
      this.#opened.push(client);
      return this.ask('server/discover');
    }
    const client = new StreamableClient(this.#url);
    client.on('elicitation/create', () => ACCEPTED);
    this.#opened.push(client);
    const pending = client.begin('initialize', HANDSHAKE, this.#id(client));
    const { message } = await pending.answer;
    const session = (await pending.response).headers['mcp-session-id'];
    if (!message.result) return message;
    client.sessionId = typeof session === 'string' ? session : undefined;
    client.protocolVersion = message.result.protocolVersion as string;
    await client.notify('notifications/initialized');
    return message;
  }

  #id(client: StreamableClient | ModernClient, ends = true): number {
    this.#lastId += 1;
    this.#sent.push({ client, id: this.#lastId, ends });
    return this.#lastId;
  }

  ask(method: string, params: object = {}): Promise<RpcMessage> {
    return answered(async (more) => (await this.#begin(method, { ...params, ...more })).message);
  }

  begin(method: string, params: object = {}): void {
    this.#begin(method, params).catch(() => {});
  }

  #begin(method: string, params: object): Promise<Arrival> {
    const client = this.#opened.at(-1);
    if (!client) throw new Error('not open');
    return client.begin(method, params, this.#id(client, method !== 'subscriptions/listen')).answer;
  }

  unanswered(): string[] {
    return this.#sent.flatMap(({ client, id, ends }) => {
      const { length } = client.arrivals.answers(id);
      // A client that leaves ends its subscription itself, and hears no more of it.
      return length === 1 || (length === 0 && !ends) ? [] : [`${id}: ${length}`];
    });
  }

  async #close(): Promise<void> {
    const client = this.#opened.at(-1);
    if (client instanceof StreamableClient) await client.close().catch(() => client.vanish());
    else client?.vanish();
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/** Answers the questions in a result of 2026-07-28 until it is complete. */
async function answered(send: (more: object) => Promise<RpcMessage>): Promise<RpcMessage> {
  let answer = await send({});
  while (answer.result?.resultType === 'input_required') {
    const { inputRequests, requestState } = answer.result;
    const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, ACCEPTED]));
    answer = await send({ inputResponses, ...(requestState !== undefined && { requestState }) });
  }
  return answer;
}

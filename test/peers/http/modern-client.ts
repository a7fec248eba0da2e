// A raw client of revision 2026-07-28 over HTTP: every request is a POST of its own, with the envelope in `_meta` and the
// headers that mirror it. Going away is the cancel.
//
//   const client = new ModernClient(`${serving.url}/mcp`);
//   const { message } = await client.call('tools/call', { name: 'echo', arguments: {} }, 7);
//   const subscription = client.begin('subscriptions/listen', { notifications: { toolsListChanged: true } });
//   await client.arrivals.next('notifications/tools/list_changed');
//   subscription.abandon();
import http from 'node:http';
import { MODERN, modernParams, type RpcId } from '../rpc.ts';
import { Conversation, type Pending } from './conversation.ts';
import { type Sending, send } from './exchange.ts';
import { watchPost } from './post.ts';
import type { StreamableOptions } from './streamable-client.ts';

export class ModernClient extends Conversation {
  readonly url: string;
  readonly headers: Record<string, string>;
  /** The client capabilities in the envelope. */
  capabilities: object = {};

  readonly #agent: http.Agent;
  readonly #ca: string | undefined;
  readonly #open = new Set<Sending>();

  constructor(url: string, options: StreamableOptions = {}) {
    super();
    this.url = url;
    this.headers = { ...options.headers };
    this.#agent = options.agent ?? new http.Agent({ keepAlive: true });
    this.#ca = options.ca;
  }

  override begin(method: string, params: object = {}, id: RpcId = this.nextId()): Pending {
    const expected = this.expectAnswer(id);
    const whole = modernParams(params, this.capabilities);
    const sending = this.post(
      JSON.stringify({ jsonrpc: '2.0', id, method, params: whole }),
      mirrored(method, params),
      id,
    );
    void watchPost(sending, expected, (exchange) => this.refused(exchange));
    return { id, answer: expected.answer, response: sending.response, abandon: () => sending.destroy() };
  }

  override async deliver(message: object): Promise<void> {
    const { method = '', params = {} } = message as { method?: string; params?: object };
    const whole = { ...message, params: modernParams(params, this.capabilities) };
    await this.accepted(this.post(JSON.stringify(whole), mirrored(method, params)).response);
  }

  /** Posts a body as it is. `headers` replace those of the client; an empty value removes one. */
  post(body: string | Buffer, headers: Record<string, string> = {}, request?: RpcId): Sending {
    const stream = this.newStream('POST', request);
    const own = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': MODERN,
    };
    const all = Object.entries({ ...own, ...this.headers, ...headers }).filter(([, value]) => value !== '');
    const sending = send({
      method: 'POST',
      url: this.url,
      headers: Object.fromEntries(all),
      body,
      agent: this.#agent,
      ca: this.#ca,
      stream,
      message: (text, eventId) => this.accept(text, stream, eventId),
    });
    this.#open.add(sending);
    const forget = (): void => void this.#open.delete(sending);
    sending.response.then(({ ended }) => ended).then(forget, forget);
    return sending;
  }

  /** Closes every connection, and with it every call. */
  vanish(): void {
    for (const sending of this.#open) sending.destroy();
    this.#agent.destroy();
  }
}

/** The headers that repeat parts of the body, so that gateways need not read it. */
export function mirrored(method: string, params: object): Record<string, string> {
  const { name, uri, taskId } = params as { name?: string; uri?: string; taskId?: string };
  const subjects: Record<string, string | undefined> = {
    'tools/call': name,
    'prompts/get': name,
    'resources/read': uri,
    'tasks/get': taskId,
    'tasks/update': taskId,
    'tasks/cancel': taskId,
  };
  const named = subjects[method];
  return { 'mcp-method': method, ...(named === undefined ? {} : { 'mcp-name': named }) };
}

// One of many clients, of any kind. All of them use the same ids and the same progress tokens; only the nonces differ.
import type { Conversation } from '../../peers/http/conversation.ts';
import { LEVELS } from '../../peers/http/counting-tools.ts';
import type { Exchange } from '../../peers/http/exchange.ts';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import type { RpcId } from '../../peers/rpc.ts';

export type Kind = 'streamable' | 'sse' | 'modern';

/** The resource that all clients can subscribe to. */
export const COMMON = 'count://common';

export interface ActorOptions {
  readonly name: string;
  readonly kind: Kind;
  /** Scheme, host and port of the proxy or the server. */
  readonly origin: string;
  /** The resources that it subscribes to, its own one included. */
  readonly hearsCommon: boolean;
  /** The lowest level of the messages it asks for; undefined: it asks for none. */
  readonly level: string | undefined;
}

export class Actor {
  readonly name: string;
  readonly kind: Kind;
  readonly level: string | undefined;
  readonly client: StreamableClient | SseClient | ModernClient;
  readonly subscriptions: Set<string>;
  /** What it has subscribed to at any time. */
  readonly everSubscribed: ReadonlySet<string>;
  /** The stream of its session, where it has one. */
  stream: Exchange | undefined;
  #ids = 0;
  #nonces = 0;

  constructor({ name, kind, origin, hearsCommon, level }: ActorOptions) {
    this.name = name;
    this.kind = kind;
    this.level = level;
    this.client = clientOf(kind, origin);
    this.subscriptions = new Set([`count://${name}`, ...(hearsCommon ? [COMMON] : [])]);
    this.everSubscribed = new Set(this.subscriptions);
    // A text that no other client would answer.
    this.client.on('elicitation/create', ({ message }) => ({ action: 'accept', content: { by: name, to: message } }));
  }

  get conversation(): Conversation {
    return this.client;
  }

  /** 0, "0", 1, "1", 2, …: the same sequence for all clients, in which no two ids are the same. */
  id(): RpcId {
    const number = this.#ids >> 1;
    const isText = this.#ids % 2 === 1;
    this.#ids += 1;
    return isText ? String(number) : number;
  }

  nonce(): string {
    this.#nonces += 1;
    return `${this.name}/${this.#nonces}`;
  }

  /** Whether the client asks for log messages of this level. */
  wants(level: string): boolean {
    return this.level !== undefined && LEVELS.indexOf(level) >= LEVELS.indexOf(this.level);
  }

  /** Opens the connection, and subscribes. */
  async open(): Promise<void> {
    const { client } = this;
    if (client instanceof ModernClient) {
      client.capabilities = { elicitation: {} };
      await client.request('server/discover', {}, 'discover');
      const notifications = { toolsListChanged: true, resourceSubscriptions: [...this.subscriptions] };
      client.begin('subscriptions/listen', { notifications }, 'listen');
      await client.arrivals.next('notifications/subscriptions/acknowledged');
      return;
    }
    if (client instanceof SseClient) {
      await client.open();
      await client.initialize('2024-11-05', { elicitation: {} }, 'initialize');
    } else {
      await client.initialize('2025-06-18', { elicitation: {} }, 'initialize');
      this.stream = await client.listen();
    }
    if (this.level !== undefined) await client.request('logging/setLevel', { level: this.level }, 'level');
    for (const uri of this.subscriptions) await client.request('resources/subscribe', { uri }, `subscribe ${uri}`);
  }

  async unsubscribe(uri: string): Promise<void> {
    await this.client.request('resources/unsubscribe', { uri }, `unsubscribe ${uri}`);
    this.subscriptions.delete(uri);
  }

  /** Leaves as its revision says. */
  async close(): Promise<void> {
    if (this.client instanceof StreamableClient) await this.client.close();
    else this.client.vanish();
  }
}

function clientOf(kind: Kind, origin: string): StreamableClient | SseClient | ModernClient {
  if (kind === 'sse') return new SseClient(`${origin}/sse`);
  return kind === 'modern' ? new ModernClient(`${origin}/mcp`) : new StreamableClient(`${origin}/mcp`);
}

// What a client received, in order, as its transport delivered it: below the SDK, so that nothing is lost by
// validation, and above the framing, so that a direct and a proxied connection can be compared.

import { Changes } from '../../peers/changes.ts';
export interface WireMessage {
  id?: string | number | null;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

export type Event =
  | { kind: 'response'; to: string; id: string | number | null; body: Record<string, unknown> }
  | { kind: 'request'; id: string | number | null; method: string; params: unknown }
  | { kind: 'notification'; method: string; params: unknown };

/** The part of a transport of either SDK that is watched. */
export interface AnyTransport {
  send(message: unknown, ...rest: unknown[]): Promise<void>;
  onmessage?: unknown;
  onclose?: unknown;
}

export class Wire {
  readonly events: Event[] = [];
  readonly #sent = new Map<string, { method: string; progressToken: unknown }>();
  readonly #cancelled = new Set<string>();
  readonly #cancelledTokens = new Set<unknown>();
  readonly #changes = new Changes();

  /** Watches a transport before a client takes it. */
  watch(transport: AnyTransport): void {
    const send = transport.send.bind(transport);
    transport.send = (message, ...rest) => {
      this.#noteSent(message as WireMessage);
      return send(message, ...rest);
    };
    let handler: ((message: WireMessage, ...rest: unknown[]) => void) | undefined;
    const heard = (message: WireMessage, ...rest: unknown[]): void => {
      this.#noteReceived(message);
      handler?.(message, ...rest);
    };
    Object.defineProperty(transport, 'onmessage', {
      configurable: true,
      get: () => handler && heard,
      set: (given: typeof handler) => {
        handler = given;
      },
    });
  }

  /** A place in the record; `since` returns what came after it. */
  mark(): number {
    return this.events.length;
  }

  since(mark: number): Event[] {
    return this.events.slice(mark);
  }

  /** Waits for an event that came after the mark. */
  async wait(mark: number, what: string, matches: (event: Event) => boolean): Promise<Event> {
    return this.#changes.until(
      () => this.since(mark).find(matches),
      (reason) => `${reason} for ${what}; received: ${JSON.stringify(this.since(mark))}`,
    );
  }

  /** Adds a message that did not come through the transport. */
  deliver(message: WireMessage): void {
    this.#noteReceived(message);
  }

  notified(mark: number, method: string): Promise<Event> {
    return this.wait(mark, method, (event) => event.kind === 'notification' && event.method === method);
  }

  #noteSent(message: WireMessage): void {
    if (message.method === 'notifications/cancelled') {
      const key = JSON.stringify(message.params?.requestId);
      this.#cancelled.add(key);
      this.#cancelledTokens.add(this.#sent.get(key)?.progressToken);
    } else if (message.method !== undefined && message.id !== undefined) {
      const meta = message.params?._meta as Record<string, unknown> | undefined;
      this.#sent.set(JSON.stringify(message.id), { method: message.method, progressToken: meta?.progressToken });
    }
  }

  #noteReceived(message: WireMessage): void {
    const event = this.#read(message);
    if (event) this.events.push(event);
    this.#changes.changed();
  }

  /** Which messages of a call still come after its cancellation is a race on any connection, so they are left out. */
  #read(message: WireMessage): Event | undefined {
    const { id = null, method, params } = message;
    if (method === 'notifications/progress' && this.#cancelledTokens.has(params?.progressToken)) return undefined;
    if (method !== undefined) {
      return message.id === undefined
        ? { kind: 'notification', method, params }
        : { kind: 'request', id, method, params };
    }
    const key = JSON.stringify(id);
    if (this.#cancelled.has(key)) return undefined;
    const { jsonrpc: _, id: __, ...body } = message as WireMessage & { jsonrpc?: string };
    return { kind: 'response', to: this.#sent.get(key)?.method ?? 'nothing that was sent', id, body };
  }
}

/**
 * One client over HTTP+SSE of revision 2024-11-05. The client receives everything on one stream, and sends each message
 * in its own POST (specification 2024-11-05, "HTTP with SSE").
 */
import type { ServerResponse } from 'node:http';
import type { CancelSignal } from '../../../core/cancel.ts';
import type { Peer, Session } from '../../../core/exchange.ts';
import type { Json } from '../../../core/json.ts';
import type { Call, Frame, Message, Reply } from '../../../core/jsonrpc.ts';
import { SESSION_CLOSED, type Served } from '../../../core/ports/sessions.ts';
import { drained } from '../../../core/timer.ts';
import type { ProxyError } from '../../../errors.ts';
import { Link } from '../../../wire/link.ts';
import { type Release, releasing } from '../../../wire/reply-route.ts';
import { TOO_MANY_BYTES } from '../body-budget.ts';
import { Backlog, NOT_TAKEN } from '../pending-notifications.ts';
import type { Refusal } from '../refusal.ts';
import { EventStream } from '../response/event-stream.ts';
import type { Heartbeats } from '../response/heartbeat.ts';
import { introductionIn, type SessionFacts } from './session-facts.ts';
import { MAX_OPEN_CALLS, TOO_MANY_CALLS } from './too-many-calls.ts';

export interface SseOptions {
  readonly id: string;
  readonly base: string;
  readonly pulse: Heartbeats;
  /** The path that the client POSTs to. */
  readonly path: string;
  /** Opens a session with the server in the name of this client. */
  readonly open: (client: Peer) => Session;
  /** Called when the stream is over, and the session with it. */
  readonly ended: () => void;
}

export class SseClientSession implements Peer, Served, SessionFacts {
  readonly kind = 'sse';
  readonly id: string;
  readonly lastUsed = Date.now();
  /** True as long as the stream lives. */
  readonly inUse = true;
  readonly began = Date.now();
  readonly base: string;
  introduction: Json | undefined;
  readonly #stream: EventStream;
  readonly #server: Session;
  readonly #link: Link;
  readonly #backlog = new Backlog();
  readonly #send = (frame: Frame): Promise<void> | undefined => this.#stream.write(frame, MESSAGE);

  constructor(res: ServerResponse, { id, base, pulse, path, open, ended }: SseOptions) {
    this.id = id;
    this.base = base;
    this.#stream = new EventStream(res, pulse, ended);
    this.#server = open(this);
    this.#link = new Link(
      this.#send,
      {
        request: (exchange) => this.#server.request(exchange),
        notify: (call) => this.#backlog.tell(this.#server, call),
      },
      () => this.room(),
    );
    this.#stream.write([Buffer.from(`${path}?sessionId=${id}`)], { type: 'endpoint' });
  }

  get busy(): boolean {
    return this.#link.busy;
  }

  idle(): Promise<void> {
    return this.#link.idle();
  }

  notify(call: Call): Promise<void> | undefined {
    return this.#link.notify(call);
  }

  ask(call: Call, signal: CancelSignal): Promise<Reply> {
    return this.#link.ask(call, signal);
  }

  room(): Promise<void> | undefined {
    return this.#stream.room();
  }

  /** Takes the message of one POST. Undefined, or why the proxy refuses it. */
  post(message: Message, claim: () => Release | undefined): Refusal | undefined {
    if (message.kind === 'request') return this.#request(message, claim);
    if (this.#backlog.refuses([message])) return NOT_TAKEN;
    this.#link.receive(message);
    return undefined;
  }

  #request(message: Message & { kind: 'request' }, claim: () => Release | undefined): Refusal | undefined {
    if (this.#link.open >= MAX_OPEN_CALLS) return { ...TOO_MANY_CALLS, id: message.id };
    const release = claim();
    if (!release) return { ...TOO_MANY_BYTES, id: message.id };
    if (message.call.method === 'initialize') this.introduction = introductionIn(message.call);
    this.#link.receive(
      message,
      releasing(this.#send, () => this.room(), release),
    );
    return undefined;
  }

  async close(limit: number): Promise<void> {
    const left = await drained(this.#link.idle(), limit);
    this.destroy(SESSION_CLOSED);
    await this.#server.close(left);
  }

  destroy(reason: ProxyError): void {
    this.#link.destroy(reason);
    this.#stream.end();
  }
}

const MESSAGE = { type: 'message' };

// A session of the counting server, for the revisions that have sessions, over any transport.
import type { RpcMessage } from '../rpc.ts';
import { LEVELS, runTool, TOOL_LIST, type ToolArguments } from './counting-tools.ts';
import type { Ledger } from './ledger.ts';

/** Takes the messages that belong to one request, its answer last. */
export interface Outlet {
  send(message: object): void;
  /** `as` is the form of an answer that comes alone. */
  finish(answer: object, as?: 'json' | 'events'): void;
}

/** A client that is told of changes. */
export interface Audience {
  updated(uri: string, nonce: string): void;
  announced(nonce: string): void;
}

/** What sessions of one server share. */
export interface Neighbours {
  readonly ledger: Ledger;
  readonly sessions: Map<string, CountingSession>;
  /** The sessions, and the subscriptions of the revision without sessions. */
  readonly audience: Set<Audience>;
  /** Sessions that ended without a word of their clients, which may still ask for them. */
  readonly forgotten: Set<string>;
}

export class CountingSession implements Audience {
  readonly id: string;
  /** Sends a message that belongs to no request; it is kept until there is a stream for it. */
  readonly push: (message: object) => void;
  /** Aborted at the end of the session. */
  readonly over = new AbortController();
  /** Resources whose changes the client is told. */
  readonly subscriptions = new Set<string>();
  readonly #around: Neighbours;
  readonly #turns = new Map<string, AbortController>();
  readonly #questions = new Map<number, (outcome: object) => void>();
  #level = 0;
  #lastQuestion = 0;

  constructor(id: string, around: Neighbours, push: (message: object) => void) {
    this.id = id;
    this.push = push;
    this.#around = around;
    around.sessions.set(id, this);
    around.audience.add(this);
    around.ledger.sessionsOpened += 1;
    around.ledger.sessionsOpen = around.sessions.size;
    around.ledger.changed();
  }

  /** Calls that still run are left alone: they have nobody to answer to. */
  close(): void {
    const { sessions, audience, ledger } = this.#around;
    if (!sessions.delete(this.id)) return;
    audience.delete(this);
    this.over.abort();
    for (const turn of this.#turns.values()) turn.abort();
    for (const settle of this.#questions.values()) settle({ error: { code: -32000, message: 'the session is over' } });
    ledger.sessionsOpen = sessions.size;
    ledger.changed();
  }

  /** What a restart does to a server that keeps its sessions in memory. */
  forget(): void {
    this.#around.forgotten.add(this.id);
    this.close();
  }

  /** A notification, or an answer to a question. */
  take(message: RpcMessage): void {
    const { ledger } = this.#around;
    if (message.method === 'notifications/cancelled') {
      this.#turns.get(JSON.stringify(message.params?.requestId))?.abort();
    } else if (message.method === undefined) {
      const settle = this.#questions.get(message.id as number);
      if (!settle) ledger.complain(`${this.id}: an answer to no question: ${JSON.stringify(message)}`);
      this.#questions.delete(message.id as number);
      settle?.(message.error ? { error: message.error } : { result: message.result });
    }
  }

  async answer(message: RpcMessage, outlet: Outlet): Promise<void> {
    const { id, method, params } = message;
    const result = (value: object): void => outlet.finish({ jsonrpc: '2.0', id, result: value });
    switch (method) {
      case 'initialize':
        return result(initializeResult(params?.protocolVersion as string));
      case 'ping':
        return result({});
      case 'tools/list':
        return result({ tools: TOOL_LIST });
      case 'logging/setLevel':
        this.#level = LEVELS.indexOf(params?.level as string);
        if (this.#level < 0) this.#around.ledger.complain(`no level: ${JSON.stringify(params)}`);
        return result({});
      case 'resources/subscribe':
        this.subscriptions.add(params?.uri as string);
        this.#around.ledger.changed();
        return result({});
      case 'resources/unsubscribe':
        if (!this.subscriptions.delete(params?.uri as string)) {
          this.#around.ledger.complain(`${this.id}: not subscribed to ${params?.uri}`);
        }
        this.#around.ledger.changed();
        return result({});
      case 'tools/call':
        return this.#call(message, outlet);
      default:
        outlet.finish({ jsonrpc: '2.0', id, error: { code: -32601, message: `Method not found: ${method}` } });
    }
  }

  updated(uri: string, nonce: string): void {
    if (!this.subscriptions.has(uri)) return;
    this.push({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri, _meta: { nonce } } });
  }

  announced(nonce: string): void {
    this.push({ jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { _meta: { nonce } } });
  }

  async #call({ id, params }: RpcMessage, outlet: Outlet): Promise<void> {
    const key = JSON.stringify(id);
    const given = params.arguments as ToolArguments;
    const { ledger, audience } = this.#around;
    if (this.#turns.has(key)) ledger.complain(`${this.id}: the id ${key} is in use`);
    const turn = new AbortController();
    this.#turns.set(key, turn);
    const send = given.on === 'session' ? this.push : (message: object) => outlet.send(message);
    const outcome = await runTool(params.name as string, {
      arguments: given,
      progressToken: params._meta?.progressToken,
      cancelled: turn.signal,
      ledger,
      notify: (method, more) => outlet.send({ jsonrpc: '2.0', method, params: more }),
      ask: (method, more) => this.#ask(method, more, send),
      log: (level, data) => {
        if (LEVELS.indexOf(level) < this.#level) return;
        send({ jsonrpc: '2.0', method: 'notifications/message', params: { level, logger: 'counting', data } });
      },
      audience,
    });
    this.#turns.delete(key);
    // The usual SDK server does not answer a cancelled call, and leaves its response open for the client to close.
    if (outcome) outlet.finish({ jsonrpc: '2.0', id, result: outcome }, given.as);
  }

  /** Questions of every session are numbered from 1 on. */
  #ask(method: string, params: object, send: (message: object) => void): Promise<object> {
    this.#lastQuestion += 1;
    const id = this.#lastQuestion;
    return new Promise((resolve) => {
      this.#questions.set(id, resolve);
      send({ jsonrpc: '2.0', id, method, params });
    });
  }
}

function initializeResult(protocolVersion: string): object {
  const capabilities = { tools: { listChanged: true }, logging: {}, resources: { subscribe: true } };
  return { protocolVersion, capabilities, serverInfo: { name: 'counting', version: '1.0.0' } };
}

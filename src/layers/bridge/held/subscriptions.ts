/**
 * The subscriptions of modern clients at a legacy server. The server announces changes without being asked, on whatever
 * stream it likes; each client gets those that it has subscribed to (specification 2026-07-28, "Subscriptions").
 */
import type { Exchange } from '../../../core/exchange.ts';
import {
  asString,
  elements,
  encode,
  isArray,
  isObject,
  type Json,
  member,
  peek,
  withMember,
} from '../../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, type Reply } from '../../../core/jsonrpc.ts';
import { SUBSCRIPTION_ID } from '../../../mcp/envelope.ts';
import { taskIdOf } from '../../../mcp/eras/tasks.ts';
import { LIST_CHANGES } from '../../../mcp/methods.ts';
import { GRACEFUL, OF_SUBSCRIPTION } from '../../../mcp/subscription-id.ts';
import { Subscribers } from '../../sharing/subscribers.ts';

const UPDATED = 'notifications/resources/updated';
const TASK_CHANGED = 'notifications/tasks';
/** How many resources of one subscription to ask the server for at a time. */
const AT_A_TIME = 4;

/** One `subscriptions/listen`. */
interface Subscriber {
  readonly exchange: Exchange;
  /** The list changes that it hears of. */
  readonly changes: ReadonlySet<string>;
  /** The tasks that it hears of. */
  readonly tasks: ReadonlySet<string>;
  /** What came before the acknowledgment, by what it says; undefined once that has left. */
  early: Map<string, Call> | undefined;
  end(): void;
}

export interface SubscriptionsOptions {
  /** The capabilities of the server. */
  readonly capabilities: () => Json | undefined;
  /** Whether the server has a way to announce anything. Never rejects. */
  readonly announces: () => Promise<boolean>;
  /** Whether a client has this task. */
  readonly hasTask: (taskId: string) => boolean;
  /** Sends the server a request of the proxy itself. Never rejects. */
  readonly ask: (call: Call) => Promise<Reply>;
  /** Called when a subscription begins or ends. */
  readonly changed: () => void;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #listeners = new Set<Subscriber>();
  readonly #subscribers = new Subscribers<Subscriber>();

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Serves a `subscriptions/listen` until its client or the session ends it. */
  async listen(exchange: Exchange): Promise<Reply> {
    const filter = exchange.call.params && member(exchange.call.params, 'notifications');
    if (!isObject(filter)) return errorReply(INVALID_PARAMS, 'Invalid params: notifications is not an object');
    const announces = await this.#options.announces();
    const changes = announces ? this.#changesIn(filter) : new Map<string, string>();
    const tasks = new Set(textsIn(filter, 'taskIds').filter((taskId) => this.#options.hasTask(taskId)));
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const listener: Subscriber = { exchange, changes: new Set(changes.values()), tasks, early: new Map(), end };
    exchange.signal.addEventListener('abort', end, { once: true });
    if (exchange.signal.aborted) throw exchange.signal.reason;
    this.#listeners.add(listener);
    this.#options.changed();
    try {
      const uris = announces ? await this.#subscribe(listener, filter) : [];
      acknowledge(listener, [...changes.keys()], uris);
      await ended;
      if (exchange.signal.aborted) throw exchange.signal.reason;
      return GRACEFUL;
    } finally {
      exchange.signal.removeEventListener('abort', end);
      this.#listeners.delete(listener);
      this.#options.changed();
      this.#unsubscribe(listener);
    }
  }

  /** Passes on what the server says has changed, to the clients that want to know. */
  told(note: Call): Promise<void> | undefined {
    const waits: Promise<void>[] = [];
    for (const listener of this.#concerned(note)) {
      const own = ofSubscription(note);
      if (listener.early) listener.early.set(`${note.method} ${uriOf(note) ?? taskIdOf(note) ?? ''}`, own);
      else {
        const wait = listener.exchange.notify(own);
        if (wait) waits.push(wait);
      }
    }
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
  }

  /** The session is over: ends all subscriptions as a server does. */
  end(): void {
    for (const listener of this.#listeners) listener.end();
  }

  /** The list changes that are asked for and can come: the members of the filter, with their notifications. */
  #changesIn(filter: Json): Map<string, string> {
    const capabilities = this.#options.capabilities();
    const isTrue = (value: Json | undefined): boolean => value?.toString('latin1') === 'true';
    const found = LIST_CHANGES.filter((change) => {
      return isTrue(member(filter, change.filter)) && isTrue(peek(capabilities, change.capability, 'listChanged'));
    });
    return new Map(found.map((change) => [change.filter, change.method]));
  }

  /** Subscribes to the resources of a filter; returns those that the server has accepted, in their order. */
  async #subscribe(listener: Subscriber, filter: Json): Promise<string[]> {
    const isOffered = peek(this.#options.capabilities(), 'resources', 'subscribe')?.toString('latin1') === 'true';
    if (!isOffered) return [];
    const wanted = [...new Set(textsIn(filter, 'resourceSubscriptions'))];
    const accepted = new Set<string>();
    const left = [...wanted].reverse();
    const next = async (): Promise<void> => {
      for (let uri = left.pop(); uri !== undefined; uri = left.pop()) {
        if (listener.exchange.signal.aborted || this.#subscribers.full(uri, listener)) continue;
        const call = { method: 'resources/subscribe', params: encode({ uri }) };
        const reply = await this.#subscribers.subscribe(uri, listener, () => this.#options.ask(call));
        if ('result' in reply) accepted.add(uri);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, next));
    return wanted.filter((uri) => accepted.has(uri));
  }

  #unsubscribe(listener: Subscriber): void {
    const uris = this.#subscribers.of(listener);
    const next = async (): Promise<void> => {
      for (let uri = uris.pop(); uri !== undefined; uri = uris.pop()) {
        const call = { method: 'resources/unsubscribe', params: encode({ uri }) };
        await this.#subscribers.unsubscribe(uri, listener, () => this.#options.ask(call));
      }
    };
    for (let n = 0; n < AT_A_TIME; n++) next();
  }

  /** Whether a client wants to hear of this task. */
  hearsOf(taskId: string): boolean {
    return [...this.#listeners].some(({ tasks }) => tasks.has(taskId));
  }

  #concerned(note: Call): Iterable<Subscriber> {
    if (note.method === TASK_CHANGED) {
      const taskId = taskIdOf(note) ?? '';
      return [...this.#listeners].filter(({ tasks }) => tasks.has(taskId));
    }
    if (note.method !== UPDATED) return [...this.#listeners].filter(({ changes }) => changes.has(note.method));
    const uri = uriOf(note);
    return uri === undefined ? [] : this.#subscribers.to(uri);
  }
}

/** Tells the client what it will hear of, and then what it has missed while it waited. */
function acknowledge(listener: Subscriber, changes: readonly string[], uris: readonly string[]): void {
  const notifications = {
    ...Object.fromEntries(changes.map((filter) => [filter, true])),
    ...(uris.length > 0 && { resourceSubscriptions: uris }),
    ...(listener.tasks.size > 0 && { taskIds: [...listener.tasks] }),
  };
  const params = encode({ _meta: OF_SUBSCRIPTION, notifications });
  const { exchange, early } = listener;
  exchange.notify({ method: 'notifications/subscriptions/acknowledged', params });
  listener.early = undefined;
  for (const note of early?.values() ?? []) exchange.notify(note);
}

/** The texts in a list of a filter that are not empty. */
function textsIn(filter: Json, key: string): string[] {
  const list = member(filter, key);
  return isArray(list) ? elements(list).flatMap((text) => asString(text) || []) : [];
}

function uriOf(note: Call): string | undefined {
  return note.method === UPDATED ? asString(peek(note.params, 'uri')) : undefined;
}

/** A notification with a place for the id of the subscription. */
function ofSubscription(note: Call): Call {
  const params = isObject(note.params) ? note.params : encode({});
  const meta = peek(params, '_meta');
  const marked = withMember(isObject(meta) ? meta : encode({}), SUBSCRIPTION_ID, encode(0));
  return { ...note, params: withMember(params, '_meta', marked) };
}

/**
 * Subscriptions of modern clients to the changes of several servers (specification 2026-07-28, "Subscriptions"). One
 * `subscriptions/listen` of a client becomes one at each server that has something to tell. A server that is not running
 * is not started for it: its lists cannot have changed for this client.
 */
import type { Cancellation } from '../../core/cancel.ts';
import type { Exchange } from '../../core/exchange.ts';
import { asString, elements, encode, isArray, isObject, type Json, member, peek, withMember } from '../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, type Reply } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { atMost } from '../../core/timer.ts';
import { envelopeOf, SUBSCRIPTION_ID } from '../../mcp/envelope.ts';
import { LIST_CHANGES } from '../../mcp/methods.ts';
import { GRACEFUL, OF_SUBSCRIPTION } from '../../mcp/subscription-id.ts';
import { Listening, type Stream } from '../bridge/listening.ts';
import type { Member } from './member.ts';
import type { Told } from './member-exchange.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const UPDATED = 'notifications/resources/updated';
/** How many resources one subscription may name. */
const MAX_URIS = 1_000;
/** How long the client waits for servers that do not acknowledge a subscription, in milliseconds. */
const PATIENCE = 3_000;

interface ListeningClient {
  readonly exchange: Exchange;
  /** The envelope of the request. */
  readonly envelope: Json;
  /** The list changes that it hears of. */
  readonly changes: ReadonlySet<string>;
  /** Its streams at the servers. */
  readonly streams: Map<Member, Stream>;
  readonly ended: () => void;
}

export interface ListenersOptions {
  /** The members whose servers know the client. */
  readonly met: () => Iterable<Member>;
  /** The member and its own URI for a URI of the client. */
  readonly locate: (uri: string) => Promise<{ readonly member: Member; readonly own: string } | undefined>;
  readonly told: (member: Member) => Told;
  readonly closing: Cancellation;
  readonly log: Log;
}

export class Listeners {
  readonly #options: ListenersOptions;
  readonly #all = new Set<ListeningClient>();

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /** Serves a `subscriptions/listen` until its client or the session ends it. */
  async listen(exchange: Exchange): Promise<Reply> {
    const filter = exchange.call.params && member(exchange.call.params, 'notifications');
    if (!isObject(filter)) return errorReply(INVALID_PARAMS, 'Invalid params: notifications is not an object');
    const wanted = LIST_CHANGES.filter((change) => peek(filter, change.filter)?.toString('latin1') === 'true');
    const { closing } = this.#options;
    let ended = (): void => {};
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const listener: ListeningClient = {
      exchange,
      envelope: envelopeOf(exchange.call),
      changes: new Set(wanted.map(({ method }) => method)),
      streams: new Map(),
      ended,
    };
    if (exchange.signal.aborted) throw exchange.signal.reason;
    exchange.signal.addEventListener('abort', ended, { once: true });
    closing.addEventListener('abort', ended);
    try {
      const uris = await this.#subscribe(listener, filter);
      const notifications = {
        ...Object.fromEntries(wanted.map((change) => [change.filter, true])),
        ...(uris.length > 0 && { resourceSubscriptions: uris }),
      };
      exchange.notify({ method: ACKNOWLEDGED, params: encode({ _meta: OF_SUBSCRIPTION, notifications }) });
      this.#all.add(listener);
      for (const one of this.#options.met()) this.#attach(listener, one);
      if (!closing.aborted) await end;
      if (exchange.signal.aborted) throw exchange.signal.reason;
      return GRACEFUL;
    } finally {
      this.#all.delete(listener);
      closing.removeEventListener('abort', ended);
      exchange.signal.removeEventListener('abort', ended);
      for (const [one, stream] of listener.streams) this.#close(one, stream);
    }
  }

  /** A server knows the client now, and may tell it about changes. */
  met(one: Member): void {
    for (const listener of this.#all) this.#attach(listener, one);
  }

  /** A list of the joined server has changed. */
  changed(method: string): void {
    for (const { exchange, changes } of this.#all) if (changes.has(method)) exchange.notify(ofSubscription({ method }));
  }

  /** Hears of changes of the lists of one server. */
  #attach(listener: ListeningClient, one: Member): void {
    if (listener.changes.size === 0 || listener.streams.has(one)) return;
    const wanted = LIST_CHANGES.filter(({ method }) => listener.changes.has(method));
    this.#open(listener, one, Object.fromEntries(wanted.map(({ filter }) => [filter, true])));
  }

  #open(listener: ListeningClient, one: Member, filter: object, own?: ReadonlyMap<string, string>): Stream {
    const { closing, log, told } = this.#options;
    const { exchange, envelope } = listener;
    const listening = new Listening({
      send: (sent) => {
        const call = { ...sent.call, params: withMember(envelope, 'notifications', encode(filter)) };
        return one.request(sent, call, true);
      },
      client: {
        notify: (note) => {
          const asked = note.method === UPDATED ? own?.get(asString(peek(note.params, 'uri')) ?? '') : undefined;
          const pass = (passed: Call): Promise<void> | undefined => exchange.notify(ofSubscription(passed));
          if (asked === undefined || !note.params) return told(one)(note, pass);
          return pass({ ...note, params: withMember(note.params, 'uri', encode(asked)) });
        },
        ask: (call, signal) => exchange.ask(call, signal),
        room: () => exchange.room(),
      },
      closing,
      log,
    });
    const stream = listening.open(filter, { insists: own === undefined });
    const old = listener.streams.get(one);
    if (old) this.#close(one, old);
    listener.streams.set(one, stream);
    one.streams++;
    return stream;
  }

  #close(one: Member, stream: Stream): void {
    stream.close();
    one.streams--;
    one.rest();
  }

  /** Subscribes to resources. Resolves with those that their servers have accepted. */
  async #subscribe(listener: ListeningClient, filter: Json): Promise<string[]> {
    const list = member(filter, 'resourceSubscriptions');
    if (!isArray(list)) return [];
    const uris = [...new Set(elements(list).flatMap((uri) => asString(uri) ?? []))].slice(0, MAX_URIS);
    const byMember = new Map<Member, Map<string, string>>();
    for (const uri of uris) {
      const found = await this.#options.locate(uri);
      if (!found) continue;
      const own = byMember.get(found.member) ?? new Map<string, string>();
      byMember.set(found.member, own.set(found.own, uri));
    }
    const changes = LIST_CHANGES.filter(({ method }) => listener.changes.has(method));
    const lists = Object.fromEntries(changes.map((change) => [change.filter, true]));
    const all = new Set<string>();
    const asked = [...byMember].map(async ([one, own]) => {
      const stream = this.#open(listener, one, { ...lists, resourceSubscriptions: [...own.keys()] }, own);
      const acknowledged = await stream.acknowledged.catch(() => undefined);
      const honored = peek(acknowledged, 'notifications', 'resourceSubscriptions');
      if (!isArray(honored)) return;
      for (const uri of elements(honored).flatMap((text) => own.get(asString(text) ?? '') ?? [])) all.add(uri);
    });
    await atMost(PATIENCE, Promise.all(asked).then(ignore));
    return uris.filter((uri) => all.has(uri));
  }
}

function ignore(): void {}

/** A notification with a place for the id of the subscription. */
function ofSubscription(note: Call): Call {
  const params = isObject(note.params) ? note.params : encode({});
  const meta = peek(params, '_meta');
  const marked = withMember(isObject(meta) ? meta : encode({}), SUBSCRIPTION_ID, encode(0));
  return { ...note, params: withMember(params, '_meta', marked) };
}

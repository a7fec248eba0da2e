/**
 * The messages of a legacy session that outlive single requests. When a session must be opened
 * again, the proxy repeats them, so that the client need not know that it was lost.
 */
import { asString, encode, type Json, peek, peekObject } from '../core/json.ts';
import type { Call, Reply } from '../core/jsonrpc.ts';
import { ProxyError } from '../errors.ts';
import { ASKING_CAPABILITIES, mayAskDuring } from '../mcp/methods.ts';

/** The most subscriptions that one session keeps. */
export const MAX_SUBSCRIPTIONS = 1_000;
/** The most bytes of their parameters together. */
const MAX_BYTES = 1_048_576;

export class Journal {
  #initialize: Call | undefined;
  #initialized: Call | undefined;
  #level: Call | undefined;
  readonly #subscriptions = new Map<string, Call>();
  /** Bytes of the parameters of all subscriptions. */
  #bytes = 0;

  /** The client's own `initialize`, once the server has accepted it. */
  get initialize(): Call | undefined {
    return this.#initialize;
  }

  /** The client's `notifications/initialized`, once it was sent. */
  get initialized(): Call | undefined {
    return this.#initialized;
  }

  /**
   * Whether the server may ask the client something while it works on a call: the client has
   * declared that it answers. Many servers ask on the GET stream, and drop the question if there
   * is none yet. So these calls wait for that stream, once, at the start of a session.
   */
  mayBeAskedDuring({ method }: Call): boolean {
    if (!mayAskDuring(method)) return false;
    const declared = peekObject(this.#initialize?.params, 'capabilities');
    return ASKING_CAPABILITIES.some((name) => peekObject(declared, name) !== undefined);
  }

  /** The requests that bring a new session to the state of the old one, in order. */
  get requests(): Call[] {
    return [...(this.#level ? [this.#level] : []), ...this.#subscriptions.values()];
  }

  /** The notifications that make a client read again what it subscribed to: changes may have been missed. */
  get updates(): Call[] {
    return [...this.#subscriptions.keys()].map((uri) => ({
      method: 'notifications/resources/updated',
      params: encode({ uri }),
    }));
  }

  /**
   * Throws a ProxyError `limit` for a subscription that exceeds the session's limits, before the
   * server receives it.
   */
  admit({ method, params }: Call): void {
    if (method !== 'resources/subscribe') return;
    const isFull = this.#subscriptions.size >= MAX_SUBSCRIPTIONS || this.#bytes + (params?.length ?? 0) > MAX_BYTES;
    if (!isFull || this.#subscriptions.has((params && uriOf(params)) ?? '')) return;
    throw new ProxyError(
      'limit',
      `a session can have at most ${MAX_SUBSCRIPTIONS} subscriptions, and 1 MiB of parameters in them`,
      {
        hint: 'unsubscribe from resources that are no longer needed',
      },
    );
  }

  /** Notes a request that the server answered. */
  answered(call: Call, reply: Reply): void {
    if ('error' in reply) return;
    switch (call.method) {
      case 'initialize':
        this.#initialize = call;
        break;
      case 'logging/setLevel':
        this.#level = call;
        break;
      case 'resources/subscribe':
      case 'resources/unsubscribe': {
        const uri = call.params && uriOf(call.params);
        if (uri === undefined) break;
        this.#bytes -= this.#subscriptions.get(uri)?.params?.length ?? 0;
        if (call.method === 'resources/unsubscribe') {
          this.#subscriptions.delete(uri);
        } else {
          this.#subscriptions.set(uri, call);
          this.#bytes += call.params?.length ?? 0;
        }
        break;
      }
    }
  }

  /** Notes a notification that was sent. */
  told(call: Call): void {
    if (call.method === 'notifications/initialized') this.#initialized = call;
  }
}

function uriOf(params: Json): string | undefined {
  return asString(peek(params, 'uri'));
}

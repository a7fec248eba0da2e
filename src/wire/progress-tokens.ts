/**
 * Progress tokens of several clients in one session. Each client chooses its own, so the proxy gives every request to
 * the server a unique one (specification 2025-11-25, "Progress").
 */
import type { Exchange } from '../core/exchange.ts';
import { numberIn } from '../core/ids.ts';
import { isObject, type Json, member, withMember } from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';
import { MARK, mayAskForProgress, toldToken } from '../mcp/progress-token.ts';

export const PROGRESS = 'notifications/progress';

interface ProgressRequest {
  /** As the client spelled it. */
  readonly token: Json;
  readonly exchange: Pick<Exchange, 'notify' | 'room'>;
}

export class ProgressTokens {
  readonly #asked = new Map<number, ProgressRequest>();
  #last = 0;

  /**
   * The call with its own token, and a function that gives the token up. Undefined when the call asks for no progress.
   * Throws a JsonError.
   */
  replace(
    call: Call,
    exchange: Pick<Exchange, 'notify' | 'room'>,
  ): { readonly call: Call; readonly end: () => void } | undefined {
    const { params } = call;
    if (!isObject(params) || !mayAskForProgress(params)) return undefined;
    const meta = member(params, '_meta');
    const token = isObject(meta) ? member(meta, MARK) : undefined;
    if (!meta || !token) return undefined;
    const own = ++this.#last;
    this.#asked.set(own, { token, exchange });
    const changed = withMember(params, '_meta', withMember(meta, MARK, Buffer.from(String(own))));
    return { call: { ...call, params: changed }, end: () => this.#asked.delete(own) };
  }

  /**
   * Passes a progress notification to the client that asked for it, under the client's token, and drops late ones.
   * Returns the promise of a slow client, for the reader of the server to wait for.
   */
  pass(note: Call): Promise<void> | undefined {
    const asked = this.#askedBy(note);
    return asked && told(asked, note);
  }

  /** The same where the caller cannot wait: a slow client misses the notification. */
  passIfRoom(note: Call): void {
    const asked = this.#askedBy(note);
    if (asked && !asked.exchange.room()) told(asked, note);
  }

  #askedBy(note: Call): ProgressRequest | undefined {
    const token = toldToken(note.params);
    // Our tokens are numbers, but a server may turn them into strings.
    const own = token === undefined ? undefined : numberIn(token);
    return own === undefined ? undefined : this.#asked.get(own);
  }
}

function told({ exchange, token }: ProgressRequest, note: Call): Promise<void> | undefined {
  return note.params && exchange.notify({ ...note, params: withMember(note.params, MARK, token) });
}

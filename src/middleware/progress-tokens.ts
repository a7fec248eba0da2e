/**
 * Progress tokens of several clients in one session: each client makes up its own, so towards the
 * server every request gets one that no other has (specification 2025-11-25, "Progress").
 */
import type { Exchange } from '../core/exchange.ts';
import { isObject, type Json, member, peek, withMember } from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';

const MARK = 'progressToken';
/** Any key may be spelled with escapes. */
const ESCAPE = '\\u';

interface Asked {
  /** As the client spelled it. */
  readonly token: Json;
  readonly notify: Exchange['notify'];
}

export class ProgressTokens {
  readonly #asked = new Map<string, Asked>();
  #last = 0;

  /** The call under a token of its own, and what takes that back; undefined when it asks for no progress. Throws a JsonError. */
  replace(call: Call, notify: Exchange['notify']): { readonly call: Call; readonly end: () => void } | undefined {
    const { params } = call;
    if (!isObject(params) || !(params.includes(MARK) || params.includes(ESCAPE))) return undefined;
    const meta = member(params, '_meta');
    const token = isObject(meta) ? member(meta, MARK) : undefined;
    if (!meta || !token) return undefined;
    const own = String(++this.#last);
    this.#asked.set(own, { token, notify });
    const changed = withMember(params, '_meta', withMember(meta, MARK, Buffer.from(own)));
    return { call: { ...call, params: changed }, end: () => this.#asked.delete(own) };
  }

  /** Passes a progress notification on to whoever asked for it, under its own token; late ones to nobody. */
  pass(note: Call): Promise<void> | undefined {
    const asked = this.#asked.get(peek(note.params, MARK)?.toString('latin1') ?? '');
    if (!asked || !note.params) return undefined;
    return asked.notify({ ...note, params: withMember(note.params, MARK, asked.token) });
  }
}

/**
 * Progress of a request that the server sees as several. Its values must rise with each notification (specification
 * 2025-11-25, "Progress"), but a server may count each attempt from the beginning.
 */
import { encode, isObject, type Json, peek, peekObject, withMember } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { askedToken, MARK } from '../../mcp/progress-token.ts';

const PROGRESS = 'notifications/progress';
/** Small enough not to be seen on a bar. */
const STEP = 0.001;

export class RisingProgress {
  /** Undefined when the client does not ask for progress. */
  readonly #token: Json | undefined;
  #last: number | undefined;
  /** Whether the server has begun a further attempt. */
  #repeats = false;

  constructor(params: Json | undefined) {
    this.#token = askedToken(params) === undefined ? undefined : peek(peekObject(params, '_meta'), MARK);
  }

  /** A notification of the server; of a further attempt, with a value that is greater than the last one. */
  pass(note: Call): Call {
    if (note.method !== PROGRESS || !isObject(note.params)) return note;
    const value = Number(peek(note.params, 'progress')?.toString('latin1') ?? Number.NaN);
    if (!Number.isFinite(value)) return note;
    if (!this.#repeats || this.#last === undefined || value > this.#last) {
      this.#last = value;
      return note;
    }
    this.#last += STEP;
    return { ...note, params: withMember(note.params, 'progress', encode(this.#last)) };
  }

  /**
   * Begins a further attempt. Returns a sign of life for a client that would give up otherwise; undefined when it did not
   * ask for any.
   * @param message what the server is at, for the user.
   */
  step(message?: string): Call | undefined {
    this.#repeats = true;
    if (!this.#token) return undefined;
    this.#last = this.#last === undefined ? 0 : this.#last + STEP;
    return { method: PROGRESS, params: withMember(encode({ progress: this.#last, message }), MARK, this.#token) };
  }
}

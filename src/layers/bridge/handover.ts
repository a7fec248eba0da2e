/**
 * Two streams that carry the same changes for a while, the later of which replaces the earlier one. A change may come on
 * both, or on the earlier one only, because it happened before the server opened the later one. The client hears of it
 * as often as the stream that carries it more often.
 */
import type { Call } from '../../core/jsonrpc.ts';
import { legacyNote } from '../../mcp/eras/legacy-result.ts';

/** The client may hear twice of more changes than these, and of longer ones. */
const MAX_REMEMBERED = 1_000;
/** In bytes of the parameters. */
const MAX_LENGTH = 4_096;

export class Handover {
  /** How many more times the later stream has carried a change than the earlier one. Without those that are even. */
  readonly #ahead = new Map<string, number>();

  /** Takes note of a change on one of the streams. Returns whether it is not a repetition of one on the other. */
  isFirst(note: Call, on: 'earlier' | 'later'): boolean {
    if (note.params && note.params.length > MAX_LENGTH) return true;
    // Without the id of the stream, they are the same text.
    const { method, params } = legacyNote(note);
    const key = `${method} ${params?.toString('latin1')}`;
    const ahead = this.#ahead.get(key) ?? 0;
    const step = on === 'later' ? 1 : -1;
    if (ahead + step === 0) this.#ahead.delete(key);
    else if (ahead !== 0 || this.#ahead.size < MAX_REMEMBERED) this.#ahead.set(key, ahead + step);
    return ahead * step >= 0;
  }
}

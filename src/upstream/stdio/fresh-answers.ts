/** Answers of a modern server that it allows to be kept for a while (specification 2026-07-28, "Caching"). */
import { encode, type Json, peek, withMember } from '../../core/json.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import { METHODS } from '../../mcp/methods.ts';

/** No answer is kept longer, whatever the server allows; in milliseconds. */
const MAX_AGE = 24 * 60 * 60_000;
const MAX_ANSWERS = 256;
const MAX_BYTES = 4 * 1_048_576;

interface Kept {
  readonly method: string;
  readonly result: Json;
  /** Milliseconds of the clock. */
  readonly until: number;
}

export class FreshAnswers {
  readonly #kept = new Map<string, Kept>();
  readonly #now: () => number;
  #bytes = 0;

  /** @param now milliseconds of a clock */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Keeps a list, or how the server describes itself. */
  note(call: Call, reply: Reply): void {
    if (!isKept(call.method) || 'error' in reply || reply.extra) return;
    const ttl = Number(peek(reply.result, 'ttlMs')?.toString('latin1') ?? Number.NaN);
    this.#forget(keyOf(call));
    if (!(ttl > 0) || this.#kept.size >= MAX_ANSWERS || this.#bytes + reply.result.length > MAX_BYTES) return;
    const until = this.#now() + Math.min(ttl, MAX_AGE);
    this.#kept.set(keyOf(call), { method: call.method, result: reply.result, until });
    this.#bytes += reply.result.length;
  }

  /** The answer to the same request, with the time that it has left. */
  answerTo(call: Call): Json | undefined {
    const kept = isKept(call.method) ? this.#kept.get(keyOf(call)) : undefined;
    const left = Math.floor((kept?.until ?? 0) - this.#now());
    return kept && left > 0 ? withMember(kept.result, 'ttlMs', encode(left)) : undefined;
  }

  /** Forgets the lists that a notification says have changed. */
  changed(note: Call): void {
    for (const [key, { method }] of this.#kept) if (METHODS.get(method)?.changed === note.method) this.#forget(key);
  }

  #forget(key: string): void {
    this.#bytes -= this.#kept.get(key)?.result.length ?? 0;
    this.#kept.delete(key);
  }
}

function isKept(method: string): boolean {
  return method === 'server/discover' || METHODS.get(method)?.list !== undefined;
}

function keyOf({ method, params }: Call): string {
  return `${method} ${params?.toString('latin1') ?? ''}`;
}

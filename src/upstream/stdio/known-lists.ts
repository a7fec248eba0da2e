/**
 * The lists that a client has got from a legacy server, as far as the server has promised to say when they change. They
 * show whether a new process of the server has other lists, and answer for a process that is stopped.
 */
import type { Json } from '../../core/json.ts';
import { peek } from '../../core/json.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import { LIST_CHANGES, METHODS } from '../../mcp/methods.ts';

/** How many answers to keep, and how many bytes of them. */
const MAX_LISTS = 64;
const MAX_BYTES = 4 * 1_048_576;

interface Known {
  readonly call: Call;
  readonly result: Json;
  /** The notification that says that it has changed. */
  readonly changed: string;
}

export class KnownLists {
  readonly #known = new Map<string, Known>();
  #bytes = 0;

  /** Notes the answer to a request. `introduced` is what the server answered to `initialize`. */
  note(call: Call, reply: Reply, introduced: Json | undefined): void {
    if ('error' in reply || reply.extra) return;
    const changed = METHODS.get(call.method)?.changed;
    if (changed === undefined || !announces(introduced, changed)) return;
    const key = keyOf(call);
    this.#forget(key);
    if (this.#known.size >= MAX_LISTS || this.#bytes + reply.result.length > MAX_BYTES) return;
    this.#known.set(key, { call, result: reply.result, changed });
    this.#bytes += reply.result.length;
  }

  /** Forgets the lists that a notification says have changed. Returns whether it is such a notification. */
  changed({ method }: Call): boolean {
    for (const [key, { changed }] of this.#known) if (changed === method) this.#forget(key);
    return LIST_CHANGES.some((change) => change.method === method);
  }

  /** What the server answered to the same request. */
  answerTo(call: Call): Json | undefined {
    return this.#known.get(keyOf(call))?.result;
  }

  /** Takes over what another client has got. */
  adopt(other: KnownLists): void {
    this.clear();
    for (const [key, known] of other.#known) this.#known.set(key, known);
    this.#bytes = other.#bytes;
  }

  clear(): void {
    this.#known.clear();
    this.#bytes = 0;
  }

  /**
   * Asks a new process for the same lists, and returns the notifications for those that differ.
   * @param ask rejects when there is no answer
   */
  async differences(ask: (call: Call) => Promise<Reply>): Promise<Call[]> {
    const differing = new Set<string>();
    for (const [key, { call, result, changed }] of [...this.#known]) {
      const reply = await ask(call).catch(() => undefined);
      if (reply && 'result' in reply && reply.result.equals(result)) continue;
      this.#forget(key);
      differing.add(changed);
    }
    return [...differing].map((method) => ({ method }));
  }

  #forget(key: string): void {
    this.#bytes -= this.#known.get(key)?.result.length ?? 0;
    this.#known.delete(key);
  }
}

function keyOf({ method, params }: Call): string {
  return `${method} ${params?.toString('latin1') ?? ''}`;
}

/** Whether a server says when a list changes. */
function announces(introduced: Json | undefined, changed: string): boolean {
  const capability = LIST_CHANGES.find(({ method }) => method === changed)?.capability;
  if (!introduced || capability === undefined) return false;
  return peek(introduced, 'capabilities', capability, 'listChanged')?.toString('latin1') === 'true';
}

/**
 * Calls that were to become tasks, and that the server answered at once. A client of 2025-11-25 that asks for a task
 * gets one, so the proxy keeps the result until the client comes for it.
 */
import { encode, type Json, peek, withMember } from '../../../core/json.ts';
import { relatedTo } from '../../../mcp/eras/tasks.ts';

const MAX_TASKS = 100;
const MAX_BYTES = 16 * 1024 * 1024;
/** How long a result is kept, in milliseconds: what the client asks for, within limits. */
const USUAL_LIFETIME = 5 * 60_000;
const LONGEST_LIFETIME = 60 * 60_000;

interface Finished {
  readonly task: Json;
  readonly result: Json;
  readonly until: number;
}

export class FinishedTasks {
  /** The oldest first. */
  readonly #all = new Map<string, Finished>();
  #bytes = 0;

  /**
   * Keeps the result of a call, and returns its task; undefined when it is too large to be kept.
   * @param asked the `task` of the call.
   */
  add(result: Json, asked: Json): Json | undefined {
    if (result.length > MAX_BYTES) return undefined;
    const wanted = Number(peek(asked, 'ttl')?.toString('latin1') ?? Number.NaN);
    const ttl = Number.isFinite(wanted) && wanted > 0 ? Math.min(wanted, LONGEST_LIFETIME) : USUAL_LIFETIME;
    const taskId = `mcp-proxy-${crypto.randomUUID()}`;
    const failed = peek(result, 'isError')?.toString('latin1') === 'true';
    const now = new Date().toISOString();
    const status = failed ? 'failed' : 'completed';
    const task = encode({ taskId, status, createdAt: now, lastUpdatedAt: now, ttl });
    const kept = relatedTo(result, taskId);
    this.#all.set(taskId, { task, result: kept, until: Date.now() + ttl });
    this.#bytes += kept.length;
    this.#makeRoom();
    return task;
  }

  /** The task with its result. */
  get(taskId: string): { readonly task: Json; readonly result: Json } | undefined {
    this.#makeRoom();
    return this.#all.get(taskId);
  }

  clear(): void {
    this.#all.clear();
    this.#bytes = 0;
  }

  #makeRoom(): void {
    const now = Date.now();
    for (const [taskId, { until }] of this.#all) if (until < now) this.#drop(taskId);
    for (const taskId of this.#all.keys()) {
      if (this.#all.size <= MAX_TASKS && this.#bytes <= MAX_BYTES) return;
      this.#drop(taskId);
    }
  }

  #drop(taskId: string): void {
    this.#bytes -= this.#all.get(taskId)?.result.length ?? 0;
    this.#all.delete(taskId);
  }
}

/** The result of a call that has become this task. */
export function createdResult(task: Json): Json {
  return withMember(encode({}), 'task', task);
}

/**
 * Tells a client of 2025-11-25 what becomes of its tasks, as far as the server of 2026-07-28 says it unasked: on a stream
 * for each task (tasks extension, "Task Status Notifications"). No client may rely on that.
 */
import type { Cancellation } from '../../../core/cancel.ts';
import type { Exchange, Peer } from '../../../core/exchange.ts';
import { asString, elements, isArray, isObject, type Json, JsonError, peek } from '../../../core/json.ts';
import type { Call, Reply } from '../../../core/jsonrpc.ts';
import type { Log } from '../../../core/ports.ts';
import { readResult } from '../../../mcp/eras/legacy-result.ts';
import { legacyTask, taskIdOf, taskState } from '../../../mcp/eras/tasks.ts';
import { Listening, type Stream } from '../listening.ts';

/** Of more tasks at a time, the client hears when it asks. */
const MAX_STREAMS = 8;

export interface TaskChangesOptions {
  /** Sends a `subscriptions/listen` of a client that can have tasks. */
  readonly send: (exchange: Exchange) => Promise<Reply>;
  readonly client: Peer;
  readonly closing: Cancellation;
  readonly log: Log;
}

export class TaskChanges {
  readonly #client: Peer;
  readonly #listening: Listening;
  readonly #streams = new Map<string, Stream>();
  /** Whether the server has shown that it tells nothing. */
  #isSilent = false;

  constructor({ send, client, closing, log }: TaskChangesOptions) {
    this.#client = client;
    const hearer: Peer = {
      notify: (note) => this.#told(note),
      ask: (call, signal) => client.ask(call, signal),
      room: () => client.room(),
    };
    this.#listening = new Listening({ send, client: hearer, closing, log });
  }

  /** Begins to listen, without waiting for it. */
  watch(taskId: string): void {
    if (this.#isSilent || this.#streams.size >= MAX_STREAMS) return;
    const stream = this.#listening.open({ taskIds: [taskId] });
    this.#streams.set(taskId, stream);
    const silent = (): void => {
      this.#isSilent = true;
      this.forget(taskId);
    };
    stream.acknowledged.then((acknowledgment) => {
      if (!namesTask(acknowledgment, taskId)) silent();
    }, silent);
  }

  /** The client knows how the task ended. */
  forget(taskId: string): void {
    this.#streams.get(taskId)?.close();
    this.#streams.delete(taskId);
  }

  #told(note: Call): Promise<void> | undefined {
    const taskId = taskIdOf(note);
    if (note.method !== 'notifications/tasks' || taskId === undefined || !this.#streams.has(taskId)) return undefined;
    const params = readable(note.params);
    if (!params) return undefined;
    if (taskState(params)?.isOver) this.forget(taskId);
    return this.#client.notify({ method: 'notifications/tasks/status', params });
  }
}

/** Undefined when it could be read in more than one way. */
function readable(params: Json | undefined): Json | undefined {
  if (!isObject(params)) return undefined;
  try {
    return legacyTask(readResult(params));
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

function namesTask(acknowledgment: Json, taskId: string): boolean {
  const list = peek(acknowledgment, 'notifications', 'taskIds');
  return isArray(list) && elements(list).some((one) => asString(one) === taskId);
}

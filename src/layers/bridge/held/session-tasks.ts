/** The tasks of one session with a legacy server. What they need is loaded on demand: most servers have none. */
import type { CancelSignal } from '../../../core/cancel.ts';
import type { Exchange } from '../../../core/exchange.ts';
import { type Json, peek } from '../../../core/json.ts';
import type { Call, Reply } from '../../../core/jsonrpc.ts';
import type { Log } from '../../../core/ports.ts';
import { clientOf } from '../../../mcp/eras/legacy-request.ts';
import { hasTasks, makesTasks, tasksNotDeclared } from '../../../mcp/eras/task-support.ts';
import { relatedTask } from '../../../mcp/eras/tasks.ts';
import type { LegacyTasks } from '../tasks/legacy-tasks.ts';
import type { CallAnswer, OngoingCall } from './ongoing-call.ts';

export interface SessionTasksOptions {
  /** The capabilities of the server, once it has given them. */
  readonly capabilities: () => Json | undefined;
  /** The revision that the server speaks. */
  readonly revision: () => string | undefined;
  readonly send: (exchange: Exchange) => Promise<Reply>;
  /** Aborted when the session is over. */
  readonly closing: CancelSignal;
  /** Called when the first task begins, or the last one ends. */
  readonly changed: () => void;
  readonly log: Log;
}

export class SessionTasks {
  readonly #options: SessionTasksOptions;
  #tasks: LegacyTasks | undefined;
  /** The capabilities that were judged last, and whether they offer tasks: each call asks. */
  #judged: { readonly capabilities: Json | undefined; readonly offered: boolean } | undefined;

  constructor(options: SessionTasksOptions) {
    this.#options = options;
  }

  /** Whether the server makes tasks of calls. */
  get offered(): boolean {
    const capabilities = this.#options.capabilities();
    const judged = this.#judged;
    if (judged && judged.capabilities === capabilities) return judged.offered;
    const offered = makesTasks(capabilities);
    this.#judged = { capabilities, offered };
    return offered;
  }

  /** How many tasks clients have. */
  get size(): number {
    return this.#tasks?.size ?? 0;
  }

  has(taskId: string): boolean {
    return this.#tasks?.has(taskId) ?? false;
  }

  /** Passes a call on to the server. */
  async call({ call }: Exchange, ongoing: OngoingCall): Promise<CallAnswer> {
    if (call.method !== 'tools/call' || !this.offered) {
      return { kind: 'reply', reply: await this.#options.send(ongoing) };
    }
    const { capabilities } = clientOf(call);
    return (await this.#open()).call(ongoing, capabilities, hasTasks(capabilities));
  }

  /** A request about a task. */
  async about(exchange: Exchange): Promise<Reply> {
    return (await this.#open()).about(exchange);
  }

  /** A question of the server; undefined when it belongs to no task. */
  ask(call: Call, signal: CancelSignal): Promise<Reply> | undefined {
    const taskId = this.#tasks && relatedTask(call);
    return taskId === undefined ? undefined : this.#tasks?.ask(taskId, call, signal);
  }

  /** The answer to a client that wants to hear of tasks, and has not declared that it can have any. */
  refusedListen({ call }: Exchange): Reply | undefined {
    const wants = this.offered && peek(call.params, 'notifications', 'taskIds') !== undefined;
    return wants && !hasTasks(clientOf(call).capabilities) ? tasksNotDeclared() : undefined;
  }

  /** What a client hears of a task that has changed; undefined when that cannot be found out. Never rejects. */
  async change(taskId: string): Promise<Call | undefined> {
    return this.#tasks?.change(taskId).catch((error: Error) => {
      this.#options.log.debug(`bridge: a change of a task is not known: ${error.message}`);
      return undefined;
    });
  }

  /** The list of tools has changed. */
  forgetTools(): void {
    this.#tasks?.forgetTools();
  }

  /** The session is over. */
  end(): void {
    this.#tasks?.end();
  }

  async #open(): Promise<LegacyTasks> {
    if (this.#tasks) return this.#tasks;
    const { LegacyTasks } = await import('../tasks/legacy-tasks.ts');
    const { capabilities, revision, ...rest } = this.#options;
    this.#tasks ??= new LegacyTasks({ ...rest, capabilities: capabilities(), revision: revision() });
    return this.#tasks;
  }
}

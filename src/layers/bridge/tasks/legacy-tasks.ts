/**
 * The tasks of one session with a server of 2025-11-25, for modern clients: as the tasks extension for those that
 * declare it, and as ordinary calls for the others. Only tools that cannot be called otherwise become tasks.
 */
import { Cancellation, type CancelSignal } from '../../../core/cancel.ts';
import { derived, type Exchange } from '../../../core/exchange.ts';
import { encode, type Json, withMember } from '../../../core/json.ts';
import { type Call, errorCode, errorReply, INTERNAL_ERROR, INVALID_PARAMS, type Reply } from '../../../core/jsonrpc.ts';
import type { Log } from '../../../core/ports.ts';
import { withLimit } from '../../../core/timer.ts';
import { clientOf } from '../../../mcp/eras/legacy-request.ts';
import { modernError } from '../../../mcp/eras/modern-error.ts';
import { inputResponses } from '../../../mcp/eras/questions/for-modern.ts';
import { cancelsTasks, taskOnlyTools } from '../../../mcp/eras/task-support.ts';
import {
  aboutTask,
  createdTask,
  modernCreated,
  modernTask,
  TASK,
  type TaskPayload,
  type TaskState,
  taskIdOf,
  taskState,
} from '../../../mcp/eras/tasks.ts';
import { nextPage, toolName } from '../../../mcp/tool-list.ts';
import type { CallAnswer, OngoingCall } from '../held/ongoing-call.ts';
import { DrivenTask } from './driven-task.ts';
import { HeldTask } from './held-task.ts';
import { LIMIT, legacyExchange, ownExchange, ownRequest } from './own-requests.ts';

const MAX_TASKS = 1_000;
/** A list of tools with more pages is read no further. */
const MAX_PAGES = 100;
/** How long the client waits for the questions of a task that needs answers, in milliseconds. */
const ASKING = 1_000;

export interface LegacyTasksOptions {
  /** The capabilities of the server. */
  readonly capabilities: Json | undefined;
  readonly revision: string | undefined;
  readonly send: (exchange: Exchange) => Promise<Reply>;
  /** Aborted when the session is over. */
  readonly closing: CancelSignal;
  /** Called when the first task begins, or the last one ends. */
  readonly changed: () => void;
  readonly log: Log;
}

export class LegacyTasks {
  readonly #options: LegacyTasksOptions;
  /** The tasks that clients have, the oldest first. */
  readonly #held = new Map<string, HeldTask>();
  /** The calls that end with a task of which their clients do not know. */
  readonly #driven = new Map<string, OngoingCall>();
  /** The tools that can only be called as tasks. */
  #taskOnly: Promise<ReadonlySet<string>> | undefined;

  constructor(options: LegacyTasksOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#held.size;
  }

  has(taskId: string): boolean {
    return this.#held.has(taskId);
  }

  /** The list of tools has changed. */
  forgetTools(): void {
    this.#taskOnly = undefined;
  }

  /** A `tools/call`. `capabilities`: what its client declared; `declared`: with tasks. */
  async call(ongoing: OngoingCall, capabilities: Json | undefined, declared: boolean): Promise<CallAnswer> {
    const { send } = this.#options;
    const { call, signal } = ongoing;
    this.#taskOnly ??= this.#listed();
    const isTask = (await this.#taskOnly).has(toolName(call) ?? '');
    if (signal.aborted) throw signal.reason;
    if (!isTask) return { kind: 'reply', reply: await send(ongoing) };
    const params = withMember(call.params ?? encode({}), TASK, encode({}));
    const reply = await send(derived(ongoing, { call: { ...call, params } }));
    const task = 'result' in reply ? createdTask(reply.result) : undefined;
    const state = taskState(task);
    if (!task || !state || !('result' in reply)) return { kind: 'reply', reply };
    if (!declared) return { kind: 'reply', reply: await this.#drive(ongoing, state) };
    this.#hold(state, capabilities);
    return { kind: 'ours', result: modernCreated(reply.result, task) };
  }

  /** A request about a task that {@link has} knows. */
  async about(exchange: Exchange): Promise<Reply> {
    const taskId = taskIdOf(exchange.call) ?? '';
    const task = this.#held.get(taskId);
    if (!task) return notFound();
    if (exchange.call.method === 'tasks/get') return this.#get(exchange, taskId, task);
    if (exchange.call.method === 'tasks/cancel') return this.#cancel(exchange, taskId, task);
    const responses = inputResponses(exchange.call);
    if (!responses) return errorReply(INVALID_PARAMS, 'Invalid params: inputResponses is not an object of objects');
    task.answer(responses);
    return { result: encode({}) };
  }

  /** What a client hears of a task whose state has changed; undefined when it does not have the task any more. */
  async change(taskId: string): Promise<Call | undefined> {
    const task = this.#held.get(taskId);
    if (!task) return undefined;
    const { closing } = this.#options;
    const reply = await withLimit(LIMIT, closing, (signal) => {
      const own = ownExchange({ method: 'tasks/get' }, new Cancellation());
      return this.#get({ ...own, unasked: true, signal }, taskId, task);
    });
    return 'result' in reply ? { method: 'notifications/tasks', params: reply.result } : undefined;
  }

  /** A question of the server for a task; undefined when there is no such task. */
  ask(taskId: string, question: Call, signal: CancelSignal): Promise<Reply> | undefined {
    const driven = this.#driven.get(taskId);
    return driven ? driven.ask(question, signal) : this.#held.get(taskId)?.ask(question, signal);
  }

  /** The session is over. */
  end(): void {
    for (const task of this.#held.values()) task.end();
    this.#held.clear();
  }

  async #get(exchange: Exchange, taskId: string, task: HeldTask): Promise<Reply> {
    const reply = await this.#asked(exchange, task, 'tasks/get', taskId);
    if ('error' in reply) {
      if (errorCode(reply) === INVALID_PARAMS) this.#forget(taskId);
      return reply;
    }
    const state = taskState(reply.result);
    if (!state) return errorReply(INTERNAL_ERROR, 'the server answered tasks/get with something else than a task');
    task.seen(clientOf(exchange.call).capabilities, state.lifetime, state.isOver);
    return { result: modernTask(reply.result, await this.#payload(exchange, task, state)) };
  }

  /** What the task has to say beside its state. */
  async #payload(exchange: Exchange, task: HeldTask, state: TaskState): Promise<TaskPayload | undefined> {
    if (state.status === 'cancelled') return undefined;
    if (state.isOver) {
      const reply = await this.#asked(exchange, task, 'tasks/result', state.taskId);
      return 'error' in reply ? { error: errorOf(modernError(reply)) } : { result: reply.result };
    }
    if (state.status === 'input_required') await task.asked(ASKING, exchange.signal);
    const { requests } = task;
    return requests && { inputRequests: requests };
  }

  async #cancel(exchange: Exchange, taskId: string, task: HeldTask): Promise<Reply> {
    task.end();
    task.seen(clientOf(exchange.call).capabilities, undefined, false);
    // A server need not be able to end a task, but only to take note that the client would like it to.
    if (!cancelsTasks(this.#options.capabilities)) return { result: encode({}) };
    const reply = await this.#asked(exchange, task, 'tasks/cancel', taskId);
    if ('result' in reply) return { result: encode({}) };
    // In 2025-11-25 it is an error to cancel what is over.
    const looked = await this.#asked(exchange, task, 'tasks/get', taskId);
    return 'result' in looked && taskState(looked.result)?.isOver ? { result: encode({}) } : reply;
  }

  #asked(exchange: Exchange, task: HeldTask, method: string, taskId: string): Promise<Reply> {
    const call = { method, params: aboutTask(taskId) };
    const ask = (question: Call, signal: CancelSignal): Promise<Reply> => task.ask(question, signal);
    return this.#options.send(legacyExchange(exchange, { call, ask, notify: () => undefined }));
  }

  #hold({ taskId, lifetime }: TaskState, capabilities: Json | undefined): void {
    for (const oldest of this.#held.keys()) {
      if (this.#held.size < MAX_TASKS) break;
      this.#forget(oldest);
    }
    const { send, revision } = this.#options;
    this.#forget(taskId);
    const task = new HeldTask({ taskId, send, revision, expired: () => this.#forget(taskId) });
    this.#held.set(taskId, task);
    task.seen(capabilities, lifetime, false);
    this.#options.changed();
  }

  #forget(taskId: string): void {
    const task = this.#held.get(taskId);
    if (!task) return;
    task.end();
    this.#held.delete(taskId);
    this.#options.changed();
  }

  async #drive(ongoing: OngoingCall, state: TaskState): Promise<Reply> {
    const { send, closing, log } = this.#options;
    this.#driven.set(state.taskId, ongoing);
    try {
      return await new DrivenTask({ send, closing, log }).finish(ongoing, state);
    } finally {
      this.#driven.delete(state.taskId);
    }
  }

  /** Reads the list of tools. Never rejects. */
  async #listed(): Promise<ReadonlySet<string>> {
    const { send, closing, log } = this.#options;
    const found = new Set<string>();
    let call: Call | undefined = { method: 'tools/list' };
    try {
      for (let page = 0; call && page < MAX_PAGES; page++) {
        const reply: Reply = await ownRequest(send, call, closing);
        if ('error' in reply) throw new Error(`error ${errorCode(reply)}`);
        for (const name of taskOnlyTools(reply.result)) found.add(name);
        call = nextPage(call, reply.result);
      }
    } catch (error) {
      log.debug(`bridge: it is unknown which tools can only be called as tasks: ${(error as Error).message}`);
      this.#taskOnly = undefined;
    }
    return found;
  }
}

function errorOf(reply: Reply): Json {
  return 'error' in reply ? reply.error : encode({ code: INTERNAL_ERROR, message: 'no error' });
}

/** The answer to a request about a task that the client does not have (tasks extension, "Protocol Errors"). */
function notFound(): Reply {
  return errorReply(INVALID_PARAMS, 'Failed to retrieve task: Task not found');
}

/**
 * The tasks of a server of 2026-07-28, for a client of an older revision: as the tasks of 2025-11-25 for one that asks
 * for them, and as an ordinary call for one that does not.
 */
import { Cancellation } from '../../../core/cancel.ts';
import { derived, type Exchange, type Peer } from '../../../core/exchange.ts';
import { encode, isObject, type Json, peekObject, withMember, withoutMembers } from '../../../core/json.ts';
import { type Call, errorReply, INTERNAL_ERROR, INVALID_PARAMS, type Reply } from '../../../core/jsonrpc.ts';
import type { Log } from '../../../core/ports.ts';
import { printable } from '../../../core/redact.ts';
import { legacyError } from '../../../mcp/eras/legacy-error.ts';
import { type ModernResult, memberOf } from '../../../mcp/eras/legacy-result.ts';
import type { LegacyClient } from '../../../mcp/eras/questions/for-legacy.ts';
import { knowsTasks, needsTasksDeclared, noSuchMethod } from '../../../mcp/eras/task-support.ts';
import {
  aboutTask,
  legacyCreated,
  legacyTask,
  relatedTo,
  TASK,
  type TaskState,
  taskIdOf,
  taskState,
} from '../../../mcp/eras/tasks.ts';
import { toolName } from '../../../mcp/tool-list.ts';
import type { OpenCalls } from '../../../wire/open-calls.ts';
import { ErrorAnswer } from '../error-answer.ts';
import type { Results } from '../results.ts';
import { RisingProgress } from '../rising-progress.ts';
import { answerRounds } from '../rounds.ts';
import { createdResult, FinishedTasks } from './finished-tasks.ts';
import { followed } from './follow.ts';
import { ownRequest } from './own-requests.ts';
import { TaskChanges } from './task-changes.ts';
import { TaskQuestions } from './task-questions.ts';

/** Of this many tasks and tools the bridge remembers something. */
const MAX_REMEMBERED = 1_000;

/** The requests about tasks that have an equivalent; there is none for `tasks/list`. */
const BRIDGED: ReadonlySet<string> = new Set(['tasks/get', 'tasks/result', 'tasks/cancel']);

export interface ModernTasksOptions {
  readonly client: LegacyClient;
  readonly results: Results;
  /** The calls that wait for answers of the client. */
  readonly asking: OpenCalls;
  /** Sends a request with these parameters and the envelope; `declares`: as a client that can have tasks. */
  readonly send: (exchange: Exchange, params: Json | undefined, declares: boolean) => Promise<Reply>;
  /** Hears what becomes of its tasks. */
  readonly peer: Peer;
  /** Aborted when the client has gone. */
  readonly closing: Cancellation;
  readonly log: Log;
}

interface FollowedTask {
  readonly progress: RisingProgress;
  /** Whether the client knows of the task. */
  readonly related: boolean;
}

export class ModernTasks {
  readonly #options: ModernTasksOptions;
  readonly #finished = new FinishedTasks();
  readonly #changes: TaskChanges;
  /** The tools of the tasks that the client has. */
  readonly #tools = new Map<string, string>();
  /** The tasks that the client has cancelled: they stay so, whatever becomes of them. */
  readonly #cancelled = new Set<string>();
  /** The tools that the server calls only for clients that can have tasks. */
  readonly #needing = new Set<string>();

  constructor(options: ModernTasksOptions) {
    this.#options = options;
    const { peer, closing, log } = options;
    const send = (own: Exchange): Promise<Reply> => options.send(own, own.call.params, true);
    this.#changes = new TaskChanges({ send, client: peer, closing, log });
  }

  /** A `tools/call`. */
  call(exchange: Exchange): Promise<Reply> {
    const { client } = this.#options;
    const { params } = exchange.call;
    const asked = knowsTasks(client.revision) ? peekObject(params, TASK) : undefined;
    if (!asked || !isObject(params)) return this.#run(exchange, undefined);
    return this.#run(derived(exchange, { call: { ...exchange.call, params: withoutMembers(params, [TASK]) } }), asked);
  }

  /** A request about a task. */
  async about(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    if (!knowsTasks(this.#options.client.revision) || !BRIDGED.has(call.method)) return noSuchMethod(call.method);
    const taskId = taskIdOf(call);
    if (taskId === undefined) return errorReply(INVALID_PARAMS, 'Invalid params: taskId is not a string');
    try {
      switch (call.method) {
        case 'tasks/get':
          return { result: await this.#get(exchange, taskId) };
        case 'tasks/result':
          return await this.#result(exchange, taskId);
        default:
          return await this.#cancel(exchange, taskId);
      }
    } catch (error) {
      if (error instanceof ErrorAnswer) return error.reply;
      throw error;
    }
  }

  end(): void {
    this.#finished.clear();
  }

  #run(exchange: Exchange, asked: Json | undefined): Promise<Reply> {
    const { client, results, asking, send } = this.#options;
    const tool = toolName(exchange.call) ?? '';
    let declares = asked !== undefined || this.#needing.has(tool);
    let became = false;
    const answered = answerRounds(exchange, {
      client,
      results,
      asking,
      send: async (leg, params) => {
        const reply = await send(leg, params, declares);
        if (declares || !needsTasksDeclared(reply)) return reply;
        // The server has refused the call because of what the client did not declare, so it has not run it.
        declares = true;
        remember(this.#needing, tool);
        return send(leg, params, declares);
      },
      created: async (created, progress) => {
        if (!asked) return this.#driven(exchange, created, progress);
        became = true;
        const { taskId, isOver } = this.#stateOf(created);
        this.#remember(taskId, tool);
        if (!isOver) this.#changes.watch(taskId);
        return { result: legacyCreated(created) };
      },
    });
    return answered.then(
      (reply) => (asked && !became ? this.#asTask(reply, asked) : reply),
      (error: unknown) => {
        if (error instanceof ErrorAnswer) return error.reply;
        throw error;
      },
    );
  }

  /** The answer to a call that asked for a task, and that the server may have answered at once. */
  #asTask(reply: Reply, asked: Json): Reply {
    if ('error' in reply) return reply;
    const task = this.#finished.add(reply.result, asked);
    if (task) return { result: createdResult(task) };
    return errorReply(INTERNAL_ERROR, 'the server answered without a task, and the result is too large to keep');
  }

  async #get(exchange: Exchange, taskId: string): Promise<Json> {
    const finished = this.#finished.get(taskId);
    if (finished) return finished.task;
    return this.#shown(await this.#look(exchange, taskId), taskId);
  }

  /** A task as the client gets it. */
  #shown(task: ModernResult, taskId: string): Json {
    const shown = legacyTask(task);
    return this.#cancelled.has(taskId) ? withMember(shown, 'status', encode('cancelled')) : shown;
  }

  /** The result of a task, when it is there. */
  async #result(exchange: Exchange, taskId: string): Promise<Reply> {
    const finished = this.#finished.get(taskId);
    if (finished) return { result: finished.result };
    const progress = new RisingProgress(exchange.call.params);
    const reply = await this.#followed(exchange, await this.#look(exchange, taskId), { progress, related: true });
    this.#changes.forget(taskId);
    return 'error' in reply ? reply : { result: relatedTo(reply.result, taskId) };
  }

  async #cancel(exchange: Exchange, taskId: string): Promise<Reply> {
    const task = this.#finished.get(taskId)?.task ?? (await this.#look(exchange, taskId)).text;
    const state = taskState(task);
    if (state?.isOver || this.#cancelled.has(taskId)) {
      const status = this.#cancelled.has(taskId) ? 'cancelled' : state?.status;
      return errorReply(INVALID_PARAMS, `Cannot cancel task: already in terminal status '${status}'`);
    }
    const params = aboutTask(taskId);
    await this.#asked(exchange, { method: 'tasks/cancel', params });
    remember(this.#cancelled, taskId);
    this.#changes.forget(taskId);
    const shown = this.#options.results.read('tasks/get', task);
    return { result: this.#shown(shown, taskId) };
  }

  /** A task that the client does not know of: the call ends with it. */
  async #driven(exchange: Exchange, created: ModernResult, progress: RisingProgress): Promise<Reply> {
    const { taskId } = this.#stateOf(created);
    this.#remember(taskId, toolName(exchange.call) ?? '');
    try {
      return await this.#followed(exchange, created, { progress, related: false });
    } catch (error) {
      // Nobody else knows of the task, so nobody else could end it.
      this.#abandon(taskId);
      throw error;
    } finally {
      this.#tools.delete(taskId);
    }
  }

  async #followed(exchange: Exchange, task: ModernResult, { progress, related }: FollowedTask): Promise<Reply> {
    const { client } = this.#options;
    let current = task;
    const { taskId } = this.#stateOf(current);
    const update = (params: Json): Promise<unknown> => this.#asked(exchange, { method: 'tasks/update', params });
    const questions = new TaskQuestions({ exchange, client, taskId, related, update });
    const look = async (): Promise<TaskState> => {
      current = await this.#look(exchange, taskId);
      return this.#stateOf(current);
    };
    const seen = (state: TaskState, again: () => void): void => {
      if (state.isOver) return;
      exchange.slow?.();
      const told = progress.step(state.message);
      if (told) exchange.notify(told);
      if (memberOf(current, 'inputRequests')) questions.ask(current, again);
    };
    try {
      const first = this.#stateOf(current);
      // What a call is answered with does not say how the task has ended.
      const isBare = first.isOver && !memberOf(task, 'result') && !memberOf(task, 'error');
      const last = await followed(isBare ? await look() : first, { signal: exchange.signal, look, seen });
      return this.#outcome(current, last);
    } finally {
      questions.end();
    }
  }

  /** How a task ended, as the answer to its call. */
  #outcome(task: ModernResult, { taskId, status }: TaskState): Reply {
    const { results } = this.#options;
    const error = memberOf(task, 'error');
    if (status === 'failed' && isObject(error)) return legacyError({ error });
    const result = memberOf(task, 'result');
    if (status === 'completed' && isObject(result)) {
      const call = { method: 'tools/call', params: encode({ name: this.#tools.get(taskId) ?? '' }) };
      return { result: results.complete(call, results.read('tools/call', result)) };
    }
    const why = taskState(task.text)?.message ?? 'the server gives no reason';
    const said = status === 'completed' ? 'completed without a result' : status;
    return errorReply(INTERNAL_ERROR, `the server's task is ${printable(said, 40)}: ${printable(why, 500)}`);
  }

  #stateOf(task: ModernResult): TaskState {
    const state = taskState(task.text);
    if (!state) throw new ErrorAnswer(errorReply(INTERNAL_ERROR, 'the server answered tasks/get with something else'));
    return state;
  }

  /** The task as the server describes it now. Rejects with an {@link ErrorAnswer} when it does not. */
  async #look(exchange: Exchange, taskId: string): Promise<ModernResult> {
    const call = { method: 'tasks/get', params: aboutTask(taskId) };
    const reply = await this.#asked(exchange, call);
    return this.#options.results.read(call.method, reply.result);
  }

  async #asked(
    { signal, unasked }: Pick<Exchange, 'signal' | 'unasked'>,
    call: Call,
  ): Promise<Reply & { readonly result: Json }> {
    const { send } = this.#options;
    const reply = await ownRequest((own) => send(own, own.call.params, true), call, signal, unasked);
    if ('error' in reply) throw new ErrorAnswer(legacyError(reply));
    return reply;
  }

  #abandon(taskId: string): void {
    const { closing, log } = this.#options;
    const signal = closing.aborted ? new Cancellation() : closing;
    this.#asked({ signal, unasked: true }, { method: 'tasks/cancel', params: aboutTask(taskId) }).catch(
      (error: Error) => log.debug(`bridge: a task was not cancelled: ${error.message}`),
    );
  }

  #remember(taskId: string, tool: string): void {
    for (const oldest of this.#tools.keys()) {
      if (this.#tools.size < MAX_REMEMBERED) break;
      this.#tools.delete(oldest);
    }
    this.#tools.set(taskId, tool);
  }
}

function remember(set: Set<string>, value: string): void {
  for (const oldest of set) {
    if (set.size < MAX_REMEMBERED) break;
    set.delete(oldest);
  }
  set.add(value);
}

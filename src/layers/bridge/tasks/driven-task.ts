/** A task of a server of 2025-11-25 of which the client does not know: its call ends with the task. */
import { Cancellation, type CancelSignal } from '../../../core/cancel.ts';
import { Cancelled, derived, type Exchange, linked } from '../../../core/exchange.ts';
import { errorReply, INTERNAL_ERROR, type Reply } from '../../../core/jsonrpc.ts';
import type { Log } from '../../../core/ports.ts';
import { aboutTask, type TaskState, taskState, withoutRelation } from '../../../mcp/eras/tasks.ts';
import { ErrorAnswer } from '../error-answer.ts';
import { RisingProgress } from '../rising-progress.ts';
import { followed } from './follow.ts';
import { ownRequest } from './own-requests.ts';

export interface DrivenTaskOptions {
  readonly send: (exchange: Exchange) => Promise<Reply>;
  /** Aborted when the session is over. */
  readonly closing: CancelSignal;
  readonly log: Log;
}

export class DrivenTask {
  readonly #options: DrivenTaskOptions;

  constructor(options: DrivenTaskOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the answer to the call. The server asks the client through `exchange`, whose end cancels the task.
   * @param first the state with which the server has answered the call.
   */
  async finish(exchange: Exchange, first: TaskState): Promise<Reply> {
    try {
      const reply = await this.#followed(exchange, first);
      return 'error' in reply ? reply : { ...reply, result: withoutRelation(reply.result) };
    } catch (error) {
      // Nobody else knows of the task, so nobody else could end it.
      this.#abandon(first.taskId);
      if (error instanceof ErrorAnswer) return error.reply;
      throw error;
    }
  }

  async #followed(exchange: Exchange, first: TaskState): Promise<Reply> {
    const { taskId } = first;
    const { signal } = exchange;
    const progress = new RisingProgress(exchange.call.params);
    const waiting = linked(exchange);
    let isWaiting = false;
    let reply: Reply | undefined;
    const look = async (): Promise<TaskState> => (reply ? { ...first, isOver: true } : this.#look(taskId, signal));
    const seen = (state: TaskState, again: () => void): void => {
      if (state.isOver) return;
      exchange.slow?.();
      const told = progress.step(state.message);
      if (told) exchange.notify(told);
      // The server sends its questions only while a `tasks/result` waits.
      if (state.status !== 'input_required' || isWaiting) return;
      isWaiting = true;
      const settled = (): void => {
        isWaiting = false;
        again();
      };
      this.#result(waiting.exchange, taskId)
        .then((result) => {
          reply = result;
        })
        .then(settled, settled);
    };
    try {
      await followed(first, { signal, look, seen });
      return reply ?? (await this.#result(waiting.exchange, taskId));
    } finally {
      waiting.abort(new Cancelled());
    }
  }

  #result(exchange: Exchange, taskId: string): Promise<Reply> {
    const call = { method: 'tasks/result', params: aboutTask(taskId) };
    return this.#options.send({ ...derived(exchange, { call }), signal: exchange.signal });
  }

  async #look(taskId: string, signal: CancelSignal): Promise<TaskState> {
    const reply = await ownRequest(this.#options.send, { method: 'tasks/get', params: aboutTask(taskId) }, signal);
    if ('error' in reply) throw new ErrorAnswer(reply);
    const state = taskState(reply.result);
    if (state) return state;
    throw new ErrorAnswer(errorReply(INTERNAL_ERROR, 'the server answered tasks/get with something else than a task'));
  }

  #abandon(taskId: string): void {
    const { send, closing, log } = this.#options;
    const signal = closing.aborted ? new Cancellation() : closing;
    ownRequest(send, { method: 'tasks/cancel', params: aboutTask(taskId) }, signal, true).catch((error: Error) =>
      log.debug(`bridge: a task was not cancelled: ${error.message}`),
    );
  }
}

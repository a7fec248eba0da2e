/**
 * Tools of a server of 2025-11-25 that can only be called as tasks, for a client of the same era that calls them like any
 * other tool: few clients have tasks. All other messages pass as they are.
 */
import { Cancellation } from '../../../core/cancel.ts';
import { derived, type Exchange, type Session } from '../../../core/exchange.ts';
import { encode, isObject, type Json, peek, peekObject, withMember, withoutMembers } from '../../../core/json.ts';
import type { Reply } from '../../../core/jsonrpc.ts';
import type { Log } from '../../../core/ports.ts';
import { makesTasks, taskOnlyTools } from '../../../mcp/eras/task-support.ts';
import { createdTask, TASK, taskState } from '../../../mcp/eras/tasks.ts';
import { MARK } from '../../../mcp/progress-token.ts';
import { isFirstPage, toolName } from '../../../mcp/tool-list.ts';
import { DrivenTask } from './driven-task.ts';

/** The names of more tools are not kept. */
const MAX_TOOLS = 10_000;

export class TaskOnlyTools {
  readonly #server: Session;
  readonly #driven: DrivenTask;
  readonly #closing = new Cancellation();
  readonly #names = new Set<string>();

  private constructor(server: Session, log: Log) {
    this.#server = server;
    this.#driven = new DrivenTask({ send: (exchange) => server.request(exchange), closing: this.#closing, log });
  }

  /** Undefined when the server makes no tasks. @param introduction its result of `initialize`. */
  static of(server: Session, introduction: Json, log: Log): TaskOnlyTools | undefined {
    return makesTasks(peekObject(introduction, 'capabilities')) ? new TaskOnlyTools(server, log) : undefined;
  }

  request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    if (call.method === 'tools/list') return this.#list(exchange);
    const isCall = call.method === 'tools/call' && this.#names.size > 0 && !peek(call.params, TASK);
    if (isCall && this.#names.has(toolName(call) ?? '')) return this.#run(exchange);
    return this.#server.request(exchange);
  }

  end(): void {
    this.#closing.abort(new Error('the session is over'));
  }

  async #list(exchange: Exchange): Promise<Reply> {
    const reply = await this.#server.request(exchange);
    if ('error' in reply) return reply;
    if (isFirstPage(exchange.call)) this.#names.clear();
    for (const name of taskOnlyTools(reply.result)) if (this.#names.size < MAX_TOOLS) this.#names.add(name);
    return reply;
  }

  async #run(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    const params = withMember(withoutToken(call.params ?? encode({})), TASK, encode({}));
    const reply = await this.#server.request(derived(exchange, { call: { ...call, params } }));
    const state = 'result' in reply ? taskState(createdTask(reply.result)) : undefined;
    return state ? this.#driven.finish(exchange, state) : reply;
  }
}

/** The client hears of the progress of the proxy: values of the server and of the proxy would not rise together. */
function withoutToken(params: Json): Json {
  const meta = peek(params, '_meta');
  return isObject(meta) && peek(meta, MARK) ? withMember(params, '_meta', withoutMembers(meta, [MARK])) : params;
}

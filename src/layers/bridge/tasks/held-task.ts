/** A task of a legacy server that a modern client has: what the server wants to know for it, until the client answers. */
import { Cancellation, type CancelSignal } from '../../../core/cancel.ts';
import type { Exchange } from '../../../core/exchange.ts';
import { Cancelled } from '../../../core/exchange.ts';
import type { Json } from '../../../core/json.ts';
import type { Call, Reply } from '../../../core/jsonrpc.ts';
import { inputRequests, refusedQuestion, unanswered } from '../../../mcp/eras/questions/for-modern.ts';
import { aboutTask } from '../../../mcp/eras/tasks.ts';
import { OpenQuestions } from '../held/open-questions.ts';
import { HeldQuestion } from '../held/question.ts';
import { ownExchange } from './own-requests.ts';

/** How long the server's questions wait for a client that does not look at its task, in milliseconds. */
const PATIENCE = 10 * 60_000;
/** How long a task without a limit is kept after the client has looked at it, and the longest time for any other. */
const USUAL_LIFETIME = 60 * 60_000;
const LONGEST_LIFETIME = 24 * 60 * 60_000;
/** How long a task is kept after the client has seen how it ended. */
const AFTERWARDS = 5 * 60_000;

export interface HeldTaskOptions {
  readonly taskId: string;
  readonly send: (exchange: Exchange) => Promise<Reply>;
  /** The revision that the server speaks. */
  readonly revision: string | undefined;
  /** Called when the client need not be expected any more. */
  readonly expired: () => void;
}

export class HeldTask {
  readonly #options: HeldTaskOptions;
  readonly #questions = new OpenQuestions();
  /** The `tasks/result` on which the server asks; undefined: none is open. */
  #result: Cancellation | undefined;
  readonly #waiting = new Set<() => void>();
  #capabilities: Json | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #until = 0;

  constructor(options: HeldTaskOptions) {
    this.#options = options;
  }

  /** The client has been told of the task. `lifetime` as the server gives it, in milliseconds. */
  seen(capabilities: Json | undefined, lifetime: number | undefined, isOver: boolean): void {
    // A copy, which does not keep the whole message in memory.
    if (capabilities) this.#capabilities = Buffer.from(capabilities);
    const rest = isOver ? AFTERWARDS : (lifetime ?? USUAL_LIFETIME);
    this.#until = Date.now() + Math.min(rest, LONGEST_LIFETIME);
    this.#wait();
  }

  /** What the server wants to know, as the client gets it; undefined when there is nothing. */
  get requests(): Json | undefined {
    return this.#questions.size > 0 ? inputRequests(this.#questions.requests) : undefined;
  }

  /** The server asks for this task. Rejects with a JsonError when the question cannot be read. */
  async ask(call: Call, signal: CancelSignal): Promise<Reply> {
    const refused = refusedQuestion(call, this.#capabilities);
    if (refused) return refused;
    const question = new HeldQuestion(call, signal, { shared: false });
    this.#questions.add(question);
    for (const done of this.#waiting) done();
    return question.answered;
  }

  answer(responses: ReadonlyMap<string, Json>): void {
    this.#questions.answer(responses, this.#options.revision);
  }

  /** Lets the server ask: resolves with its first question, with its answer, or after so many milliseconds. */
  async asked(limit: number, signal: CancelSignal): Promise<void> {
    this.#open();
    if (this.#questions.size > 0) return;
    let done = (): void => {};
    const asked = new Promise<void>((resolve) => {
      done = resolve;
    });
    this.#waiting.add(done);
    signal.addEventListener('abort', done, { once: true });
    const timer = setTimeout(done, limit);
    await asked;
    clearTimeout(timer);
    signal.removeEventListener('abort', done);
    this.#waiting.delete(done);
  }

  /** The task is over for the client. */
  end(): void {
    clearTimeout(this.#timer);
    for (const question of this.#questions.takeAll()) question.answer(unanswered(question.call));
    this.#result?.abort(new Cancelled());
  }

  /** A server of 2025-11-25 may send its questions only while a `tasks/result` waits. */
  #open(): void {
    if (this.#result) return;
    const { taskId, send } = this.#options;
    const cancellation = new Cancellation();
    this.#result = cancellation;
    const call = { method: 'tasks/result', params: aboutTask(taskId) };
    const ask = (question: Call, signal: CancelSignal): Promise<Reply> => this.ask(question, signal);
    const settled = (): void => {
      // The client gets the result when it comes for it: the server keeps it until then.
      if (this.#result === cancellation) this.#result = undefined;
      for (const done of this.#waiting) done();
    };
    send({ ...ownExchange(call, cancellation), unasked: true, ask }).then(settled, settled);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.end();
      this.#result = undefined;
      if (Date.now() >= this.#until) this.#options.expired();
      else this.#wait();
    }, PATIENCE);
  }
}

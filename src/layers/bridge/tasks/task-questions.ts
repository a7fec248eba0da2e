/** What the server of a task wants to know, asked of a client of an older revision, each question once. */
import { type Exchange, linked } from '../../../core/exchange.ts';
import { encode, type Json, members } from '../../../core/json.ts';
import { ProxyError } from '../../../errors.ts';
import type { ModernResult } from '../../../mcp/eras/legacy-result.ts';
import { type LegacyClient, type Question, readRound, withAnswers } from '../../../mcp/eras/questions/for-legacy.ts';
import { relatedTo } from '../../../mcp/eras/tasks.ts';
import { Asking } from '../rounds.ts';

export interface TaskQuestionsOptions {
  /** The request of the client that waits for the task. */
  readonly exchange: Exchange;
  readonly client: LegacyClient;
  readonly taskId: string;
  /** Whether the client knows of the task. */
  readonly related: boolean;
  /** Sends the parameters of a `tasks/update`. */
  readonly update: (params: Json) => Promise<unknown>;
}

export class TaskQuestions {
  readonly #options: TaskQuestionsOptions;
  readonly #asking: Asking;
  readonly #withdraw: (reason: Error) => void;
  readonly #asked = new Set<string>();
  /** Why a question has no answer that the server could get. */
  #failure: unknown;

  constructor(options: TaskQuestionsOptions) {
    this.#options = options;
    const { exchange, abort } = linked(options.exchange);
    this.#withdraw = abort;
    this.#asking = new Asking(exchange);
  }

  /** Throws if a question cannot be asked, or was not answered. Calls `answered` when the server has got answers. */
  ask(task: ModernResult, answered: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    const { client, taskId, related, update } = this.#options;
    const fresh = readRound(task, client).questions.filter(({ key }) => !this.#asked.has(nameOf(key)));
    if (fresh.length === 0) return;
    for (const { key } of fresh) this.#asked.add(nameOf(key));
    const questions = related ? fresh.map((question) => relatedQuestion(question, taskId)) : fresh;
    const round = { questions, state: undefined };
    const send = async (): Promise<void> => {
      const answers = await this.#asking.answers(round);
      await update(withAnswers(encode({ taskId }), round, answers));
      answered();
    };
    send().catch((error: unknown) => {
      this.#failure = error;
      answered();
    });
  }

  /** The task is over, or the client waits no longer: withdraws what is still open. */
  end(): void {
    this.#withdraw(new ProxyError('failed', 'the task is over'));
    this.#asking.completed();
  }
}

function relatedQuestion(question: Question, taskId: string): Question {
  const { call } = question;
  return { ...question, call: { ...call, params: relatedTo(call.params, taskId) } };
}

/** The server's name for a question, however it is spelled. @param key JSON text with the colon that follows. */
function nameOf(key: Json): string {
  const [only] = members(Buffer.concat([Buffer.from('{'), key, Buffer.from('0}')]));
  return only?.key ?? '';
}

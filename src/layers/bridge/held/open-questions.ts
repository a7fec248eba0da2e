/** The questions of one call that the client has not answered yet, under the keys that the client gets. */
import type { Json } from '../../../core/json.ts';
import { answerTo, refusedQuestion, unanswered } from '../../../mcp/eras/input-requests.ts';
import type { Question } from './question.ts';

export class OpenQuestions {
  readonly #open = new Map<string, Question>();
  #lastKey = 0;

  get size(): number {
    return this.#open.size;
  }

  /** The questions as the client gets them. */
  get requests(): (readonly [key: string, request: Json])[] {
    return [...this.#open].map(([key, { request }]) => [key, request] as const);
  }

  /** Adds a question under a key that no other question of the call ever had. */
  add(question: Question): void {
    const key = `r${++this.#lastKey}`;
    this.#open.set(key, question);
    question.watch(() => this.#open.delete(key));
  }

  /** Passes answers of the client on to the server. Keys that are not open are ignored. */
  answer(responses: ReadonlyMap<string, Json>, revision: string | undefined): void {
    for (const [key, response] of responses) {
      const question = this.#open.get(key);
      this.#open.delete(key);
      question?.answer(answerTo(question.call, response, revision));
    }
  }

  /** A client may declare less than in an earlier request, and must not be asked for the rest. */
  refuseUndeclared(capabilities: Json | undefined): void {
    for (const [key, question] of this.#open) {
      const refused = refusedQuestion(question.call, capabilities);
      if (!refused) continue;
      this.#open.delete(key);
      question.answer(refused);
    }
  }

  /** Ends the questions that the server has asked for this very call. */
  endOwn(): void {
    for (const [key, question] of this.#open) {
      if (question.shared) continue;
      this.#open.delete(key);
      question.answer(unanswered(question.call));
    }
  }

  /** Removes all questions, and returns them. */
  takeAll(): Question[] {
    const all = [...this.#open.values()];
    this.#open.clear();
    return all;
  }
}

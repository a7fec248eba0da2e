/** The questions of one call that the client has not answered yet, under the keys that the client gets. */
import type { Json } from '../../../core/json.ts';
import type { Call } from '../../../core/jsonrpc.ts';
import { answerTo, refusedQuestion, unanswered } from '../../../mcp/eras/questions/for-modern.ts';
import type { HeldQuestion } from './question.ts';

/** Further questions of one call are refused: no tool asks a person that much at once. */
const MAX_QUESTIONS = 32;
/** Bytes of their parameters together; one question is always taken. */
const MAX_BYTES = 8 * 1_048_576;

/** Stays empty. */
const NONE = new Map<string, HeldQuestion>();

export class OpenQuestions {
  /** Nearly all calls ask nothing, and have no map of their own. */
  #open = NONE;
  #lastKey = 0;

  get size(): number {
    return this.#open.size;
  }

  /** The questions as the client gets them. */
  get requests(): (readonly [key: string, request: Json])[] {
    return [...this.#open].map(([key, { request }]) => [key, request] as const);
  }

  /** Whether there is room for one more question. */
  hasRoomFor({ params }: Call): boolean {
    if (this.#open.size === 0) return true;
    let bytes = params?.length ?? 0;
    for (const { call } of this.#open.values()) bytes += call.params?.length ?? 0;
    return this.#open.size < MAX_QUESTIONS && bytes <= MAX_BYTES;
  }

  /** Adds a question under a key that no other question of the call ever had. */
  add(question: HeldQuestion): void {
    const key = `r${++this.#lastKey}`;
    const open = this.#open === NONE ? new Map<string, HeldQuestion>() : this.#open;
    this.#open = open;
    open.set(key, question);
    question.watch(() => open.delete(key));
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
  takeAll(): readonly HeldQuestion[] {
    if (this.#open.size === 0) return [];
    const all = [...this.#open.values()];
    this.#open.clear();
    return all;
  }
}

/** A question of a legacy server (sampling, elicitation, roots) that waits for the client. */
import type { CancelSignal } from '../../../core/cancel.ts';
import type { Json } from '../../../core/json.ts';
import type { Call, Reply } from '../../../core/jsonrpc.ts';
import { inputRequest, unanswered } from '../../../mcp/eras/questions/for-modern.ts';
import { relatedTask, relatedTo } from '../../../mcp/eras/tasks.ts';

export class HeldQuestion {
  readonly call: Call;
  /** Aborted when the server withdraws the question. */
  readonly signal: CancelSignal;
  /** Whether the server did not say for which call it asks. */
  readonly shared: boolean;
  /** As the client gets it. */
  readonly request: Json;
  readonly answered: Promise<Reply>;
  #resolve: (reply: Reply) => void = () => {};
  #withdrawn: () => void = () => {};

  /** Throws a JsonError when the question cannot be read. */
  constructor(call: Call, signal: CancelSignal, { shared }: { readonly shared: boolean }) {
    this.call = call;
    this.signal = signal;
    this.shared = shared;
    this.request = inputRequest(call);
    this.answered = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const onAbort = (): void => {
      this.answer(unanswered(call));
      this.#withdrawn();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  }

  /** Calls `withdrawn` when the server no longer wants an answer, instead of what an earlier owner asked for. */
  watch(withdrawn: () => void): void {
    this.#withdrawn = withdrawn;
    if (this.signal.aborted) withdrawn();
  }

  answer(reply: Reply): void {
    // What belongs to a task says so (specification 2025-11-25, "Tasks", section "Related Task Metadata").
    const task = relatedTask(this.call);
    const isResult = task !== undefined && 'result' in reply;
    this.#resolve(isResult ? { ...reply, result: relatedTo(reply.result, task) } : reply);
  }
}

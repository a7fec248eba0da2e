/**
 * A call of a modern client that a legacy server is working on. The server may ask the client something meanwhile. The
 * client then gets the questions as the result of its request, and comes back with the answers in another request: the
 * call outlives the request, and its answer goes to the request that is there when it comes.
 */
import { Cancellation, type CancelSignal } from '../../../core/cancel.ts';
import { Cancelled, type Exchange } from '../../../core/exchange.ts';
import { isObject, type Json, peek, withMember } from '../../../core/json.ts';
import type { Call, Reply } from '../../../core/jsonrpc.ts';
import { ListNode } from '../../../core/lists/linked-list.ts';
import type { Held, HeldCalls, RequestStates } from '../../../core/ports/held.ts';
import { ProxyError } from '../../../errors.ts';
import { inputRequired, refusedQuestion, unanswered } from '../../../mcp/eras/questions/for-modern.ts';
import { severityOf } from '../../../mcp/log-levels.ts';
import { isListChange, mayAskDuring } from '../../../mcp/methods.ts';
import { MARK } from '../../../mcp/progress-token.ts';
import { ClientRequest } from './client-request.ts';
import type { KeptBytes } from './kept-bytes.ts';
import { OpenQuestions } from './open-questions.ts';
import { HeldQuestion } from './question.ts';

/** How long to wait for more questions after one, so that they share a round; in milliseconds. */
const TOGETHER = 10;

/** What the client's request is answered with: `ours` is a round of questions or a task, and needs no translation. */
export type CallAnswer =
  | { readonly kind: 'ours'; readonly result: Json }
  | { readonly kind: 'reply'; readonly reply: Reply };

type CallOutcome = { readonly answer: CallAnswer } | { readonly error: unknown };

/** What a call needs from the session with its server. */
export interface CallHost {
  readonly held: HeldCalls<OngoingCall>;
  readonly states: RequestStates;
  readonly kept: KeptBytes;
  readonly owner: string;
  /** How the server names itself. */
  readonly serverInfo: Json | undefined;
  /** The revision that the server speaks. */
  readonly revision: string | undefined;
  /** Passes a message on that came with the call, but concerns others. */
  told(note: Call): Promise<void> | undefined;
  /** Finds another call to ask a question with. */
  askElsewhere(call: Call, signal: CancelSignal): Promise<Reply>;
  /** The call is over, for the server. */
  over(call: OngoingCall): void;
}

export class OngoingCall extends ListNode implements Exchange, Held {
  readonly call: Call;
  readonly #host: CallHost;
  readonly #cancellation = new Cancellation();
  readonly #questions = new OpenQuestions();
  /** The request of the client that waits now. */
  #request: ClientRequest<CallAnswer> | undefined;
  #round: ReturnType<typeof setTimeout> | undefined;
  /** The handle under which the client can come back. */
  #handle: string | undefined;
  #outcome: CallOutcome | undefined;
  /** The newest progress that no request of the client was there for. */
  #progress: Call | undefined;
  #send: (() => Promise<CallAnswer>) | undefined;
  /** Bytes of an answer that waits for the client. */
  #kept = 0;
  /** What the client declared in its last request, while none is there. */
  #declared: Json | undefined;

  constructor(call: Call, host: CallHost) {
    super();
    this.call = call;
    this.#host = host;
  }

  get owner(): string {
    return this.#host.owner;
  }

  get serverInfo(): Json | undefined {
    return this.#host.serverInfo;
  }

  get signal(): CancelSignal {
    return this.#cancellation.signal;
  }

  /** Whether a request of the client is there that could carry a question. */
  get attended(): boolean {
    return this.#request !== undefined;
  }

  /** Whether the client could be asked this with the call. */
  canCarry(question: Call): boolean {
    if (this.#outcome || !mayAskDuring(this.call.method)) return false;
    return refusedQuestion(question, this.#capabilities) === undefined;
  }

  wantsLog(severity: number): boolean {
    return this.#request?.wantsLog(severity) ?? false;
  }

  /** Begins: `send` passes the call to the server, as soon as the client has answered the questions that wait already. */
  begin(exchange: Exchange, send: () => Promise<CallAnswer>, waiting: readonly HeldQuestion[]): Promise<CallAnswer> {
    this.#send = send;
    for (const question of waiting) this.#questions.add(question);
    return this.attend(exchange);
  }

  /** Goes on with another request of the client, which waits for the answer or for the next round. */
  attend(exchange: Exchange, responses?: ReadonlyMap<string, Json>): Promise<CallAnswer> {
    this.#handle = undefined;
    const request = new ClientRequest<CallAnswer>(exchange);
    this.#request = request;
    request.watch((reason) => {
      if (this.#request === request) this.#request = undefined;
      // The client takes the call with it.
      this.end(reason);
    });
    if (responses) this.#questions.answer(responses, this.#host.revision);
    const progress = this.#progress;
    this.#progress = undefined;
    if (progress) this.#tellProgress(progress);
    this.#next();
    return request.answered;
  }

  notify(note: Call): Promise<void> | undefined {
    switch (note.method) {
      case 'notifications/progress':
        return this.#tellProgress(note);
      case 'notifications/message':
        return this.wantsLog(severityOf(note)) ? this.#request?.exchange.notify(note) : undefined;
    }
    return concernsOthers(note) ? this.#host.told(note) : this.#request?.exchange.notify(note);
  }

  /** The server asks for this call. */
  ask(call: Call, signal: CancelSignal): Promise<Reply> {
    const refused = refusedQuestion(call, this.#capabilities);
    if (refused) return Promise.resolve(refused);
    if (!mayAskDuring(this.call.method)) return this.#host.askElsewhere(call, signal);
    return this.#put(call, signal, { shared: false });
  }

  /** The server asks without saying for which call; this one carries the question. */
  carry(call: Call, signal: CancelSignal): Promise<Reply> {
    return this.#put(call, signal, { shared: true });
  }

  room(): Promise<void> | undefined {
    return this.#request?.exchange.room();
  }

  slow(): void {
    this.#request?.exchange.slow?.();
  }

  abort(error: Error): void {
    this.#settle({ error });
    this.#cancellation.abort(error);
  }

  expire(): void {
    this.#handle = undefined;
    this.end(new Cancelled());
  }

  /** Ends the call at the server, which gets an answer to each of its questions. */
  end(reason: Error): void {
    for (const question of this.#questions.takeAll()) question.answer(unanswered(question.call));
    clearTimeout(this.#round);
    if (this.#handle !== undefined) this.#host.held.forget(this.#handle);
    this.#releaseKept();
    this.#outcome ??= { error: reason };
    this.#host.over(this);
    this.#request?.fail(reason);
    this.#request = undefined;
    this.#cancellation.abort(reason);
  }

  get #capabilities(): Json | undefined {
    return this.#request ? this.#request.capabilities : this.#declared;
  }

  /** Rejects with a JsonError when the question cannot be read, and with a ProxyError when it is one too many. */
  async #put(call: Call, signal: CancelSignal, kind: { readonly shared: boolean }): Promise<Reply> {
    if (!this.#questions.hasRoomFor(call)) {
      throw new ProxyError('limit', 'too many questions of one call, or too large, wait for answers of the client');
    }
    const question = new HeldQuestion(call, signal, kind);
    this.#questions.add(question);
    this.#next();
    return question.answered;
  }

  /** Does what can be done for the request that waits. */
  #next(): void {
    if (this.#outcome) this.#deliver();
    else if (this.#questions.size > 0) {
      if (this.#request) this.#round ??= setTimeout(() => this.#ask(), TOGETHER);
    } else if (this.#send) {
      const send = this.#send;
      this.#send = undefined;
      send().then(
        (answer) => this.#settle({ answer }),
        (error: unknown) => this.#settle({ error }),
      );
    }
  }

  /** Answers the request with the questions, and waits for the client to come back. */
  async #ask(): Promise<void> {
    this.#round = undefined;
    const request = this.#request;
    this.#questions.refuseUndeclared(this.#capabilities);
    if (!request || this.#outcome || this.#questions.size === 0) {
      this.#next();
      return;
    }
    this.#request = undefined;
    // A copy, which does not keep the whole message in memory.
    this.#declared = request.capabilities && Buffer.from(request.capabilities);
    let why = 'too many calls wait for their users';
    const handle = await this.#host.held.hold(this).catch((error: Error) => {
      why = `the call cannot wait for its user: ${error.message}`;
      return undefined;
    });
    if (handle === undefined) {
      const error = new ProxyError('limit', why, { outcome: 'unknown' });
      request.fail(error);
      this.end(error);
      return;
    }
    if (request.over) {
      this.#host.held.forget(handle);
      return;
    }
    this.#handle = handle;
    const { method, params } = this.call;
    const state = this.#host.states.seal({ kind: 'held', handle }, { method, params, owner: this.owner });
    request.answer({ kind: 'ours', result: inputRequired(this.#questions.requests, state) });
  }

  #settle(outcome: CallOutcome): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    this.#host.over(this);
    // The server no longer waits for the answers to them.
    this.#questions.endOwn();
    if (this.#request) {
      this.#deliver();
      return;
    }
    const size = 'answer' in outcome ? sizeOf(outcome.answer) : 0;
    if (this.#host.kept.claim(size)) {
      this.#kept = size;
      return;
    }
    const why = 'the result came before the answer of the user, and is too large to keep';
    this.#outcome = { error: new ProxyError('limit', why, { outcome: 'unknown' }) };
  }

  /** Answers the request with what the server has answered. */
  #deliver(): void {
    const request = this.#request;
    const outcome = this.#outcome;
    if (!request || !outcome) return;
    this.#request = undefined;
    this.#releaseKept();
    if (this.#round) clearTimeout(this.#round);
    for (const question of this.#questions.takeAll()) {
      const { call, signal } = question;
      this.#host.askElsewhere(call, signal).then(
        (reply) => question.answer(reply),
        () => question.answer(unanswered(call)),
      );
    }
    if ('answer' in outcome) request.answer(outcome.answer);
    else request.fail(outcome.error);
  }

  #releaseKept(): void {
    this.#host.kept.release(this.#kept);
    this.#kept = 0;
  }

  /** Passes progress on under the token of the request that is there; each request has its own. */
  #tellProgress(note: Call): Promise<void> | undefined {
    if (!this.#request) {
      this.#progress = note;
      return undefined;
    }
    const { token, exchange } = this.#request;
    if (!token || !isObject(note.params)) return undefined;
    const isSame = peek(note.params, MARK)?.equals(token) ?? false;
    return exchange.notify(isSame ? note : { ...note, params: withMember(note.params, MARK, token) });
  }
}

/** Whether a message concerns more than the call that it came with. */
function concernsOthers({ method }: Call): boolean {
  return isListChange(method) || OF_SESSION.has(method);
}

/** What a legacy session says, and no request of 2026-07-28 hears. */
const OF_SESSION: ReadonlySet<string> = new Set([
  'notifications/resources/updated',
  'notifications/elicitation/complete',
  'notifications/tasks/status',
]);

function sizeOf(answer: CallAnswer): number {
  if (answer.kind === 'ours') return answer.result.length;
  return ('result' in answer.reply ? answer.reply.result : answer.reply.error).length;
}

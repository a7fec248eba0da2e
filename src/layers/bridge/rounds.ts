/**
 * One request of a client of an older revision to a server of 2026-07-28. As long as the server answers with what it
 * wants to know, the client is asked, and the request is sent again with the answers (specification 2026-07-28, "Multi
 * Round-Trip Requests").
 */
import { Cancellation, type CancelSignal } from '../../core/cancel.ts';
import { Cancelled, derived, type Exchange } from '../../core/exchange.ts';
import { encode, isObject, type Json, peekText } from '../../core/json.ts';
import { errorCode, errorReply, INTERNAL_ERROR, METHOD_NOT_FOUND, type Reply } from '../../core/jsonrpc.ts';
import { printable } from '../../core/redact.ts';
import { pause } from '../../core/timer.ts';
import { LegacyOnly, ProxyError } from '../../errors.ts';
import { legacyError } from '../../mcp/eras/legacy-error.ts';
import type { ModernResult } from '../../mcp/eras/legacy-result.ts';
import {
  type Answer,
  type LegacyClient,
  type Question,
  type Round,
  readRound,
  withAnswers,
} from '../../mcp/eras/questions/for-legacy.ts';
import { TASK_TYPE } from '../../mcp/eras/tasks.ts';
import { mayAskDuring } from '../../mcp/methods.ts';
import { COMPLETE } from '../../mcp/result.ts';
import type { OpenCalls } from '../../wire/open-calls.ts';
import { ErrorAnswer } from './error-answer.ts';
import type { Results } from './results.ts';
import { RisingProgress } from './rising-progress.ts';

/** A tool that uses a language model in a loop may need many. */
const MAX_ROUNDS = 32;
/** How long a server may ask for nothing but another attempt, in milliseconds. */
const MAX_WAITING = 60 * 60_000;

const REPLACED = 'the server has given way to one of an older revision while it waited for an answer';

export interface Rounds {
  readonly client: LegacyClient;
  readonly results: Results;
  /** The calls that wait for answers of the client. */
  readonly asking: OpenCalls;
  /** Sends one attempt with the given parameters, which get their envelope. */
  send(exchange: Exchange, params: Json | undefined): Promise<Reply>;
  /** Takes the task that a call has become. Left out: no call may become one. */
  created?(task: ModernResult, progress: RisingProgress): Promise<Reply>;
}

export async function answerRounds(exchange: Exchange, rounds: Rounds): Promise<Reply> {
  const { call } = exchange;
  const progress = new RisingProgress(call.params);
  const leg = derived(exchange, { notify: (note) => exchange.notify(progress.pass(note)) });
  let asking: Asking | undefined;
  let reply = await rounds.send(leg, call.params);
  for (;;) {
    if ('error' in reply) return legacyError(reply);
    const result = rounds.results.read(call.method, reply.result);
    if ((result.type ?? COMPLETE.resultType) === COMPLETE.resultType) {
      asking?.completed();
      return { ...reply, result: rounds.results.complete(call, result) };
    }
    if (result.type === TASK_TYPE && rounds.created) return rounds.created(result, progress);
    if (result.type !== 'input_required' || !mayAskDuring(call.method)) {
      const type = JSON.stringify(printable(result.type ?? '', 80));
      throw new ProxyError('bad-result', `the server answered ${call.method} with a result of the type ${type}`);
    }
    asking ??= new Asking(exchange);
    const round = readRound(result, rounds.client);
    const told = progress.step();
    if (told) exchange.notify(told);
    try {
      const answers = await rounds.asking.during(exchange, asking.answers(round));
      reply = await rounds.send(leg, withAnswers(call.params ?? encode({}), round, answers));
    } catch (error) {
      if (error instanceof ErrorAnswer) return error.reply;
      // The call has begun at the old server, so it must not begin once more.
      if (error instanceof LegacyOnly) throw new ProxyError('failed', REPLACED, { outcome: 'unknown' }, error);
      throw error;
    }
  }
}

/** The questions of one request. */
export class Asking {
  readonly #exchange: Exchange;
  /** The pages that the user has agreed to open, and what the client said. */
  readonly #pages = new Map<string, { readonly elicitationId: string; readonly result: Json }>();
  #rounds = 0;
  /** How many rounds in a row asked nothing that the client has not answered, and since when. */
  #idle = 0;
  #since = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** The answers to a round, once the server may be asked again. Rejects with the reason when the client cancels. */
  async answers(round: Round): Promise<Answer[]> {
    const { signal } = this.#exchange;
    const isNew = round.questions.some(({ page }) => !page || !this.#pages.has(page.url));
    if (isNew) {
      this.#idle = 0;
      if (++this.#rounds > MAX_ROUNDS) {
        throw new ProxyError('limit', `the server asked for input more than ${MAX_ROUNDS} times during one request`);
      }
    } else {
      if (this.#idle === 0) this.#since = Date.now();
      if (Date.now() - this.#since > MAX_WAITING) {
        throw new ProxyError('timeout', `the server asked for another attempt for ${MAX_WAITING / 60_000} minutes`);
      }
      await pause(delay(this.#idle++, round), signal);
    }
    if (signal.aborted) throw signal.reason;
    return this.#together(round.questions);
  }

  /** Tells the client that the pages which the server sent the user to are done with. */
  completed(): void {
    for (const { elicitationId } of this.#pages.values()) {
      this.#exchange.notify({ method: 'notifications/elicitation/complete', params: encode({ elicitationId }) });
    }
  }

  /** Asks all questions at the same time. When one remains without an answer, the others are withdrawn. */
  async #together(questions: readonly Question[]): Promise<Answer[]> {
    const { signal } = this.#exchange;
    const cancellation = new Cancellation();
    const onAbort = (): void => cancellation.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.all(questions.map((question) => this.#answer(question, cancellation)));
    } finally {
      signal.removeEventListener('abort', onAbort);
      cancellation.abort(new Cancelled());
    }
  }

  async #answer({ key, call, page }: Question, signal: CancelSignal): Promise<Answer> {
    const known = page && this.#pages.get(page.url);
    if (known) return { key, result: known.result };
    const reply = await this.#exchange.ask(call, signal);
    if ('result' in reply && isObject(reply.result)) {
      const { result } = reply;
      if (page && peekText(result, 'action') === 'accept')
        this.#pages.set(page.url, { elicitationId: page.elicitationId, result });
      return { key, result };
    }
    if (errorCode(reply) === METHOD_NOT_FOUND) throw notTaken(call.method, reply);
    // A user may cancel a form at any time, so every server expects that. The other kinds have no such answer.
    if (call.method === 'elicitation/create') return { key, result: encode({ action: 'cancel' }) };
    const unreadable = errorReply(INTERNAL_ERROR, `the client's answer to ${call.method} is not an object`);
    throw new ErrorAnswer('error' in reply ? reply : unreadable);
  }
}

function notTaken(method: string, reply: Reply): ProxyError {
  const why = 'error' in reply ? printable(peekText(reply.error, 'message') ?? '', 200) : '';
  return new ProxyError('cannot-bridge', `the server needs ${method} for this request, but: ${why}`, {
    hint: 'use a client that answers what it declares, or, over HTTP, one that accepts an event stream for the request',
  });
}

const FIRST_DELAY = 250;
const LONGEST_DELAY = 5_000;
const FIRST_PAGE_DELAY = 2_000;
const LONGEST_PAGE_DELAY = 30_000;

/** Milliseconds until the next attempt, when the server asks for nothing else, or the user is on a page of its own. */
function delay(times: number, { questions }: Round): number {
  const [first, longest] = questions.length > 0 ? [FIRST_PAGE_DELAY, LONGEST_PAGE_DELAY] : [FIRST_DELAY, LONGEST_DELAY];
  return Math.min(longest, first * 2 ** Math.min(times, 10)) * (0.75 + Math.random() / 4);
}

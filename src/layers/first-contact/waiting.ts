/** What the proxy does for a client while its user signs in. Loaded with the first sign-in. */

import { derived, detached, type Exchange, type Handler, type Peer, type Session } from '../../core/exchange.ts';
import { encode, isObject, type Json, peekObject, withMember } from '../../core/json.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import type { AnswerMemory } from '../../core/ports.ts';
import type { SignIn } from '../../core/sign-in.ts';
import { declaredRevision } from '../../mcp/envelope.ts';
import { LIST_CHANGES } from '../../mcp/methods.ts';
import { notYet } from './errors.ts';
import { provisionalAnswer, signInResult } from './provisional.ts';
import { cancellable, type SentRequest } from './sent-request.ts';
import { inputGiven, inputRequired, SignInPrompt } from './sign-in-prompt.ts';
import type { Effect, Ending, Event, Step, WaitingRequest } from './state.ts';
import { later, type Patience, pageKnown } from './waits.ts';

/** How long a list waits for the user, in milliseconds. */
const LIST_PATIENCE = 25_000;

export interface FirstContactOptions {
  readonly signIn: SignIn;
  readonly answers: AnswerMemory;
  readonly server: string;
  readonly version: string;
  readonly peer: Peer;
  /** How long a list waits for the user, in milliseconds, where not for as long as a client may. */
  readonly patience?: number | undefined;
}

/** The session that waits. */
interface Waiter {
  readonly forward: Handler;
  readonly notify: Session['notify'];
  apply(event: Event): void;
  /** Whether the client accepts questions, and can show pages to its user. */
  mayAsk(): boolean;
}

export class Waiting {
  readonly #options: FirstContactOptions;
  readonly #session: Waiter;
  readonly #prompt: SignInPrompt;
  /** The last attempt to open the session in the client's name: the server's answer to `initialize`. */
  #connection: Promise<Reply> | undefined;

  constructor(options: FirstContactOptions, session: Waiter) {
    this.#options = options;
    this.#session = session;
    this.#prompt = new SignInPrompt({ ...options, mayAsk: () => session.mayAsk() });
  }

  showPage(): void {
    this.#prompt.look();
  }

  inputGiven(call: Call): ReturnType<typeof inputGiven> {
    return inputGiven(call);
  }

  perform(effect: Effect, request: SentRequest | undefined): void {
    switch (effect.do) {
      case 'connect':
        this.#connection = this.#connect(effect.initialize, effect.tried ? request?.answer : undefined);
        // The requests that wait for it report the failure.
        this.#connection.catch(() => {});
        return;
      case 'notify-server':
        this.#session.notify(effect.call);
        return;
      case 'tell-lists-changed':
        for (const { method } of LIST_CHANGES) this.#options.peer.notify({ method });
        return;
      case 'abandon':
        request?.abandon?.(notYet(this.#options));
    }
  }

  end(next: Ending, { exchange }: WaitingRequest): Reply {
    if (next.end !== 'tell-sign-in') throw notYet(this.#options);
    const modern = declaredRevision(exchange.call) !== undefined;
    return { result: signInResult(this.#options.signIn.pending, next.done, modern) };
  }

  async follow(step: Step, request: SentRequest): Promise<Event> {
    const { signIn } = this.#options;
    switch (step.do) {
      case 'wait-for-session': {
        const patience = step.limit === 'list' ? later(this.#options.patience ?? LIST_PATIENCE) : pageKnown(signIn);
        return this.#within(patience, request, reached(request, this.#connection));
      }
      case 'probe':
        return this.#within(pageKnown(signIn), request, reached(request, this.#probe(request)));
      case 'recall':
        return this.#recall(request, step.modern);
      default:
        return this.#within(later(this.#options.patience ?? LIST_PATIENCE), request, answered(request));
    }
  }

  userNeeded(request: SentRequest): Event {
    return { type: 'user-needed', request, prompt: this.#promptFor(request) };
  }

  /** Opens the session in the client's name. Rejects when that fails. */
  async #connect(initialize: Exchange, tried?: Promise<Reply>): Promise<Reply> {
    try {
      const reply = await (tried ?? this.#session.forward(detached(initialize)));
      this.#session.apply({ type: 'connected', initialize, reply });
      return reply;
    } catch (error) {
      this.#session.apply({ type: 'not-connected', initialize });
      throw error;
    }
  }

  /** Resolves as soon as the server answers a request that changes nothing. */
  async #probe(request: SentRequest): Promise<undefined> {
    const own = cancellable(request);
    const meta = peekObject(request.exchange.call.params, '_meta');
    const params = meta ? withMember(encode({}), '_meta', meta) : encode({});
    const call = { method: 'tools/list', params };
    await this.#session.forward(derived(own, { call, notify: () => undefined }));
  }

  async #within(patience: Patience, request: SentRequest, event: Promise<Event>): Promise<Event> {
    try {
      const first = await Promise.race([event, patience.promise]);
      return first === 'late' ? { type: 'late', request, prompt: this.#promptFor(request) } : first;
    } finally {
      patience.end();
    }
  }

  /** The result that lets the client show the sign-in page, for a request that the server has not answered. */
  #promptFor({ exchange, answer }: SentRequest): Json | undefined {
    return answer && inputRequired(exchange, this.#options.signIn, this.#options.server);
  }

  async #recall(request: SentRequest, modern: boolean): Promise<Event> {
    const { answers, version } = this.#options;
    const { call } = request.exchange;
    const remembered = await answers.recall(call.method);
    const reply = { result: provisionalAnswer(call, remembered, { version, modern }) };
    return { type: 'recalled', request, remembered: isObject(remembered), reply };
  }
}

async function answered(request: SentRequest): Promise<Event> {
  return { type: 'answered', request, reply: (await request.answer) as Reply };
}

/** @param contact resolves with the answer to `initialize`, or when the server has answered anything */
async function reached(request: SentRequest, contact: Promise<Reply | undefined> | undefined): Promise<Event> {
  const reply = await contact;
  return reply && 'error' in reply ? { type: 'refused', request, reply } : { type: 'reached', request };
}

/**
 * The first contact with a server that requires a sign-in. Hosts give a server half a minute to start, and users need
 * longer to sign in. So the proxy answers the client at once with what it knows, and connects when the user is done.
 *
 * `reducer.ts` decides what happens next. This file performs what every client needs, `waiting.ts` the rest.
 */

import { derived, detached, type Exchange, type Handler, type Session } from '../../core/exchange.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import type { ProxyError } from '../../errors.ts';
import { OpenCalls } from '../../wire/open-calls.ts';
import { goesStraight, kindOf, reduce } from './reducer.ts';
import { cancellable, type SentRequest } from './sent-request.ts';
import { type Effect, type Ending, type Event, NEW_CLIENT, type Next, type State, type Step } from './state.ts';
import { userNeeded } from './user-needed.ts';
import type { FirstContactOptions, Waiting } from './waiting.ts';

export class FirstContact {
  readonly #options: FirstContactOptions;
  readonly #server: Session;
  #state: State = NEW_CLIENT;
  #waiting: Waiting | undefined;
  #loading: Promise<Waiting> | undefined;
  readonly #open = new OpenCalls();
  /** The client has gone, so sign-ins no longer concern it. */
  readonly end: () => void;

  constructor(options: FirstContactOptions, server: Session) {
    this.#options = options;
    this.#server = server;
    const { signIn } = options;
    let { completed } = signIn;
    this.end = signIn.watch(() => {
      this.#showPage();
      if (signIn.completed === completed) return;
      completed = signIn.completed;
      this.#apply({ type: 'signed-in' });
    });
  }

  readonly request: Handler = (exchange) => {
    const given = this.#state.prompted ? this.#waiting?.inputGiven(exchange.call) : undefined;
    if (given) {
      const kind = given.accepted ? 'accepted' : 'declined';
      return this.#open.during(exchange, this.#run({ kind, exchange: derived(exchange, { call: given.call }) }));
    }
    const kind = kindOf(this.#state, exchange.call);
    // A connected client does not pay for the first contact.
    if (goesStraight(this.#state, kind)) return this.#server.request(exchange);
    return this.#open.during(exchange, this.#run({ kind, exchange }));
  };

  /** Resolves as soon as no request waits here. */
  idle(): Promise<void> {
    return this.#open.idle();
  }

  /** Answers the requests that wait here with the reason. */
  destroy(reason: ProxyError): void {
    this.end();
    this.#open.destroy(reason);
  }

  notify(call: Call): Promise<void> | undefined {
    const next = this.#apply({ type: 'notification', call });
    const taken = 'end' in next && next.end === 'forward' ? this.#server.notify(call) : undefined;
    if (call.method === 'notifications/initialized') this.#showPage();
    return taken;
  }

  /** Takes a request from one event to the next until it is answered. */
  async #run(request: SentRequest): Promise<Reply> {
    let event: Event = { type: 'request', request, pending: this.#options.signIn.pending !== undefined };
    for (;;) {
      const next = this.#apply(event, request);
      if ('end' in next) return this.#end(next, request);
      event = await this.#follow(next, request).catch((error: unknown): Event => ({ type: 'failed', request, error }));
    }
  }

  #apply(event: Event, request?: SentRequest): Next {
    const { state, effects, next } = reduce(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#perform(effect, request);
    return next;
  }

  #perform(effect: Effect, request: SentRequest | undefined): void {
    if (effect.do !== 'remember') this.#waiting?.perform(effect, request);
    // Answers of servers that never require a sign-in are not kept.
    else if (this.#options.signIn.signedIn) this.#options.answers.remember(effect.method, effect.result);
  }

  async #end(next: Ending, request: SentRequest): Promise<Reply> {
    if (next.end === 'forward') return this.#forward(request.exchange);
    if (next.end === 'reply') return next.reply;
    if (next.end === 'fail') throw next.error;
    return (await this.#load()).end(next, request);
  }

  async #follow(step: Step, request: SentRequest): Promise<Event> {
    if (step.do === 'ask') return { type: 'answered', request, reply: await this.#forward(request.exchange) };
    if (step.do === 'try') return this.#try(request);
    return (await this.#load()).follow(step, request);
  }

  async #try(request: SentRequest): Promise<Event> {
    const { kind } = request;
    // A session that opens is of use even when the client does not wait for it.
    const own = kind === 'initialize' ? detached(request.exchange) : cancellable(request);
    const tried = this.#forward(own);
    request.answer = tried;
    const signal = kind === 'initialize' || kind === 'discover' ? undefined : own.signal;
    const needed = userNeeded(this.#options.signIn, tried, signal).then(() => this.#load());
    const answered = tried.then((reply): Event => ({ type: 'answered', request, reply }));
    const first = await Promise.race([answered, needed]);
    return 'type' in first ? first : first.userNeeded(request);
  }

  #forward(exchange: Exchange): Promise<Reply> {
    return this.#server.request(exchange);
  }

  /** Shows the sign-in page through the client, if there is a page and the client can show it. */
  #showPage(): void {
    if (this.#waiting) this.#waiting.showPage();
    else if (this.#options.signIn.pending?.url !== undefined) this.#load().catch(() => {});
  }

  /** Loaded on demand, because a start without a sign-in does not need it. */
  #load(): Promise<Waiting> {
    this.#loading ??= import('./waiting.ts').then(({ Waiting }) => {
      this.#waiting = new Waiting(this.#options, {
        forward: (exchange) => this.#forward(exchange),
        notify: (call) => this.#server.notify(call),
        apply: (event) => this.#apply(event),
        mayAsk: () => this.#state.mayAsk === 'yes',
      });
      this.#waiting.showPage();
      return this.#waiting;
    });
    return this.#loading;
  }
}

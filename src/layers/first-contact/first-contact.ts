/**
 * The first contact with a server that requires a sign-in. Hosts give a server half a minute to start, and users need
 * longer to sign in. So the proxy answers the client at once with what it knows, and connects when the user is done.
 */

import {
  derived,
  detached,
  type Era,
  type Exchange,
  type Handler,
  linked,
  type Peer,
  type Session,
} from '../../core/exchange.ts';
import { encode, isObject, peekObject, withMember } from '../../core/json.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import type { AnswerMemory } from '../../core/ports.ts';
import type { SignIn } from '../../core/sign-in.ts';
import { ProxyError } from '../../errors.ts';
import { declaredRevision } from '../../mcp/envelope.ts';
import { LIST_CHANGES, listMember } from '../../mcp/methods.ts';
import { isFirstPage, toolName } from '../../mcp/tool-list.ts';
import { notYet, ServerRefused } from './errors.ts';
import { inputGiven, inputRequired, SignInPrompt } from './sign-in-prompt.ts';
import { SIGN_IN_TOOL } from './sign-in-tool.ts';
import { later, pageKnown, userNeeded } from './waits.ts';

/** How long a list waits for the user, in milliseconds. */
const LIST_PATIENCE = 25_000;

export interface FirstContactOptions {
  readonly signIn: SignIn;
  readonly answers: AnswerMemory;
  readonly server: string;
  readonly version: string;
}

/** Whether the server does not speak the client's revision. */
function isOtherEra(error: unknown): boolean {
  return error instanceof ProxyError && error.code === 'no-common-version';
}

/**
 * `none`: the server answers for itself. `provisional`: the proxy has answered instead of the server, which has not
 * answered yet.
 */
type Phase = 'none' | 'provisional' | 'connected';

export class FirstContact {
  readonly #options: FirstContactOptions & { readonly peer: Peer };
  readonly #server: Session;
  readonly #prompt: SignInPrompt;
  #phase: Phase = 'none';
  /** The last `initialize` of the client. */
  #initialize: Exchange | undefined;
  /** The attempt to connect in progress. */
  #connecting: Promise<void> | undefined;
  #initialized: Call | undefined;
  /** Whether the proxy promised the client the modern era before it knew the server's. */
  #promised = false;
  /** Whether the server itself has answered the client's `server/discover`. */
  #discovered = false;
  /** The number of sign-ins that had been completed when the client came. */
  readonly #completed: number;
  /** Whether the proxy asked a modern client to show the sign-in page. */
  #askedInput = false;
  /** Whether the client has a list that the proxy made up. */
  #madeUp = false;
  /** The client has gone, so sign-ins no longer concern it. */
  readonly end: () => void;

  constructor(options: FirstContactOptions & { readonly peer: Peer }, server: Session) {
    this.#options = options;
    this.#prompt = new SignInPrompt(options);
    this.#server = server;
    // After a sign-in elsewhere, or one that ends after the proxy gave up waiting, connect the client without another
    // request.
    let completed = options.signIn.completed;
    this.#completed = completed;
    const unwatch = options.signIn.watch(() => {
      if (options.signIn.completed === completed) return;
      completed = options.signIn.completed;
      if (this.#phase === 'provisional' && !this.#connecting) this.#connect().catch(() => {});
    });
    this.end = () => {
      unwatch();
      this.#prompt.end();
    };
  }

  /**
   * Passes a request to the server, or to a bridge if the server does not speak the era that the client was promised.
   */
  #forward(exchange: Exchange): Promise<Reply> {
    if (this.#phase === 'connected') return this.#server.request(exchange);
    const promised = (): Era | undefined => (this.#wasPromised(exchange.call) ? 'modern' : undefined);
    return this.#server.request(derived(exchange, { promised }));
  }

  /** Whether the client relies on a promise of the modern era. Otherwise it gets the server's own answer, and can open again. */
  #wasPromised({ method }: Call): boolean {
    if (method === 'initialize') return false;
    if (this.#promised || method === 'server/discover') return this.#promised;
    // A client new to this process may have been promised it by another process of ours, before the user signed in.
    return !this.#discovered && this.#options.signIn.completed > this.#completed;
  }

  readonly request: Handler = (exchange) => {
    const given = this.#askedInput ? inputGiven(exchange.call) : undefined;
    // The client says that it showed the page, so the request waits as long as a sign-in may take.
    if (given?.accepted) return this.#forward(derived(exchange, { call: given.call }));
    if (given) return Promise.reject(notYet(this.#options));
    const { method } = exchange.call;
    if (method === 'initialize') return this.#open(exchange);
    if (method === 'server/discover') return this.#discover(exchange);
    if (this.#madeUp && method === 'tools/call' && toolName(exchange.call) === SIGN_IN_TOOL) {
      return this.#signInCall(exchange);
    }
    if (this.#phase === 'connected')
      return listMember(method) !== undefined ? this.#list(exchange) : this.#forward(exchange);
    return this.#phase === 'provisional' ? this.#whileProvisional(exchange) : this.#first(exchange);
  };

  notify(call: Call): Promise<void> | undefined {
    const taken = this.#phase === 'provisional' ? undefined : this.#server.notify(call);
    if (call.method === 'notifications/initialized') {
      if (this.#phase === 'provisional') this.#initialized = call;
      this.#prompt.ready();
    }
    return taken;
  }

  /** Passes `initialize` on, and answers it instead of the server when the server's answer must wait for the user. */
  async #open(exchange: Exchange): Promise<Reply> {
    const { answers } = this.#options;
    this.#phase = 'none';
    // Nothing begun for an earlier `initialize` belongs to this one.
    this.#initialize = exchange;
    this.#initialized = undefined;
    this.#connecting = undefined;
    this.#prompt.opened(exchange.call);
    this.#promised = false;
    const answered = this.#forward(detached(exchange));
    const first = await Promise.race([answered, userNeeded(this.#options.signIn, answered)]);
    if (first !== 'user-needed') {
      this.#phase = 'connected';
      this.#remember('initialize', first);
      return first;
    }
    const [remembered, { provisionalInitialize }] = await Promise.all([answers.recall('initialize'), ownAnswers()]);
    this.#phase = 'provisional';
    this.#connect(answered).catch(() => {});
    return { result: provisionalInitialize(exchange.call, remembered, this.#options.version) };
  }

  /** Connects to the server in the name of the client. Rejects when that fails; the next request tries again. */
  #connect(answered?: Promise<Reply>): Promise<void> {
    const own = this.#initialize as Exchange;
    const begin = async (): Promise<void> => {
      const reply = await (answered ?? this.#forward(detached(own)));
      if ('error' in reply) throw new ServerRefused(reply);
      if (this.#initialize !== own) return;
      this.#remember('initialize', reply);
      this.#phase = 'connected';
      if (this.#initialized) this.#server.notify(this.#initialized);
      // Everything that the client was told so far was a guess.
      for (const { method } of LIST_CHANGES) this.#options.peer.notify({ method });
    };
    const connecting = begin().finally(() => {
      if (this.#connecting === connecting) this.#connecting = undefined;
    });
    this.#connecting = connecting;
    return connecting;
  }

  async #whileProvisional(exchange: Exchange): Promise<Reply> {
    const { method } = exchange.call;
    if (method === 'ping') return { result: encode({}) };
    const connected = (this.#connecting ?? this.#connect()).then(() => 'connected' as const);
    const list = listMember(method) !== undefined;
    const patience = list ? later(LIST_PATIENCE) : pageKnown(this.#options.signIn);
    try {
      const first = await Promise.race([connected, patience.promise]);
      if (first === 'connected') return await (list ? this.#list(exchange) : this.#forward(exchange));
    } catch (error) {
      if (error instanceof ServerRefused) return error.reply;
      throw error;
    } finally {
      patience.end();
    }
    if (!list) throw notYet(this.#options);
    const remembered = await this.#listFromMemory(exchange.call, false);
    // The proxy has told the client meanwhile that its lists have changed. The client does not ask again after an older
    // list.
    return this.#phase === 'connected' ? this.#list(exchange) : remembered;
  }

  /**
   * Answers the first requests of a modern client, and of a legacy client without a session. The proxy does not know
   * yet whether the server will take them.
   */
  async #first(exchange: Exchange): Promise<Reply> {
    const { method } = exchange.call;
    const own = linked(exchange);
    const answered = this.#forward(own.exchange);
    const list = listMember(method) !== undefined;
    // No client waits for the answer to a subscription.
    if (method === 'subscriptions/listen') return answered;
    const seen = answered.then((reply) => {
      if ('result' in reply) this.#phase = 'connected';
      if (list) this.#rememberList(exchange.call, reply);
      return reply;
    });
    const first = await Promise.race([seen, userNeeded(this.#options.signIn, answered, own.exchange.signal)]);
    if (first !== 'user-needed') return first;
    if (list) {
      const patience = later(LIST_PATIENCE);
      const second = await Promise.race([seen, patience.promise]).finally(() => patience.end());
      if (second !== 'late') return second;
    }
    // A request that is answered now must not run later.
    own.abort(notYet(this.#options));
    seen.catch(() => {});
    const asked = inputRequired(exchange, this.#options.signIn, this.#options.server);
    if (asked) {
      this.#askedInput = true;
      return { result: asked };
    }
    if (list) return this.#listFromMemory(exchange.call, true);
    throw notYet(this.#options);
  }

  async #list(exchange: Exchange): Promise<Reply> {
    const reply = await this.#forward(exchange);
    this.#rememberList(exchange.call, reply);
    return reply;
  }

  #rememberList(call: Call, reply: Reply): void {
    // The server may have a tool with that name itself.
    if (call.method === 'tools/list' && 'result' in reply) this.#madeUp = false;
    if (isFirstPage(call)) this.#remember(call.method, reply);
  }

  /**
   * Keeps an answer for the next time that a user must sign in. Answers of servers that never require it are not kept.
   */
  #remember(method: string, reply: Reply): void {
    if ('result' in reply && this.#options.signIn.signedIn) this.#options.answers.remember(method, reply.result);
  }

  async #listFromMemory(call: Call, modern: boolean): Promise<Reply> {
    const { method } = call;
    // Only first pages are kept.
    if (!isFirstPage(call)) throw notYet(this.#options);
    const [remembered, { emptyList, rememberedList }] = await Promise.all([
      this.#options.answers.recall(method),
      ownAnswers(),
    ]);
    if (isObject(remembered)) return { result: rememberedList(remembered, modern) };
    this.#madeUp ||= method === 'tools/list';
    return { result: emptyList(method, modern) };
  }

  async #discover(exchange: Exchange): Promise<Reply> {
    const { answers, signIn, version } = this.#options;
    const answered = this.#forward(exchange);
    const first = await Promise.race([answered, userNeeded(signIn, answered)]).catch((error: unknown) => {
      this.#discovered ||= isOtherEra(error);
      if (!(error instanceof ProxyError) || error.code !== 'sign-in-needed') throw error;
      return 'user-needed' as const;
    });
    if (first !== 'user-needed') {
      this.#discovered = true;
      this.#remember('server/discover', first);
      return first;
    }
    answered.catch(() => {});
    this.#promised = true;
    const [remembered, { provisionalDiscover }] = await Promise.all([answers.recall('server/discover'), ownAnswers()]);
    return { result: provisionalDiscover(remembered, version) };
  }

  /** Says where to sign in, and starts a sign-in where none is in progress. */
  async #signInCall(exchange: Exchange): Promise<Reply> {
    const own = linked(exchange);
    const page = pageKnown(this.#options.signIn);
    const modern = declaredRevision(exchange.call) !== undefined;
    try {
      const first = await Promise.race([this.#reached(own.exchange), page.promise]);
      if (first === 'late') own.abort(notYet(this.#options));
      const { signInResult } = await ownAnswers();
      return { result: signInResult(this.#options.signIn.pending, first === 'reached', modern) };
    } catch (error) {
      if (error instanceof ServerRefused) return error.reply;
      throw error;
    } finally {
      page.end();
    }
  }

  /** Resolves as soon as the server can take the client's request. */
  async #reached(exchange: Exchange): Promise<'reached'> {
    if (this.#phase === 'provisional') await (this.#connecting ?? this.#connect());
    else if (this.#phase === 'none' || this.#options.signIn.pending) {
      // Use a request that changes nothing.
      const meta = peekObject(exchange.call.params, '_meta');
      const params = meta ? withMember(encode({}), '_meta', meta) : encode({});
      await this.#forward(derived(exchange, { call: { method: 'tools/list', params }, notify: () => undefined }));
    }
    return 'reached';
  }
}

/** Loaded on demand, because a start without a sign-in does not need these answers. */
function ownAnswers(): Promise<typeof import('./provisional.ts')> {
  return import('./provisional.ts');
}

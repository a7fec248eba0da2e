/**
 * Puts a modern client in front of a legacy server. The client describes itself in each request, and waits for one
 * answer. The server wants to be opened once, and asks whenever it likes. So the proxy opens sessions in the client's
 * name, and holds the calls in which the server asks for something, until the client comes back with the answers.
 */
import type { Exchange } from '../../../core/exchange.ts';
import { asString, encode, type Json, peek, peekObject, withMember } from '../../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, type Reply } from '../../../core/jsonrpc.ts';
import type { Connect } from '../../../core/layer.ts';
import type { BoundRequest, HeldCalls, RequestStates, StateRefusal } from '../../../core/ports/held.ts';
import type { Log } from '../../../core/ports.ts';
import { ProxyError } from '../../../errors.ts';
import { CLIENT_CAPABILITIES, declaredRevision, LOG_LEVEL, SERVER_INFO } from '../../../mcp/envelope.ts';
import { discoverResultOf } from '../../../mcp/eras/discovered.ts';
import { clientOf, type DeclaredClient } from '../../../mcp/eras/legacy-request.ts';
import { modernError } from '../../../mcp/eras/modern-error.ts';
import { modernResult } from '../../../mcp/eras/modern-result.ts';
import { inputRequired, inputResponses } from '../../../mcp/eras/questions/for-modern.ts';
import {
  declined,
  isDeclined,
  needsPages,
  pagesNotShown,
  pagesOf,
} from '../../../mcp/eras/questions/url-elicitation.ts';
import { hasTasks, noSuchMethod, tasksNotDeclared } from '../../../mcp/eras/task-support.ts';
import { taskIdOf } from '../../../mcp/eras/tasks.ts';
import { LOG_LEVELS, wantedLevel } from '../../../mcp/log-levels.ts';
import { isAboutTask, isLegacyRequest, METHODS, mayAskDuring } from '../../../mcp/methods.ts';
import { isModernRevision, MODERN_REVISIONS, UNSUPPORTED_VERSION } from '../../../mcp/revisions.ts';
import type { KeptBytes } from './kept-bytes.ts';
import type { CallAnswer, OngoingCall } from './ongoing-call.ts';
import { SessionPool } from './session-pool.ts';

export interface BridgeOptions {
  /** Opens a session with the server. */
  readonly connect: Connect;
  readonly held: HeldCalls<OngoingCall>;
  readonly states: RequestStates;
  readonly kept: KeptBytes;
  /** Names the client; nothing else does. */
  readonly owner: string;
  /** Whether the client may be several programs, which must not hear of each other. */
  readonly several: boolean;
  /** This program, for clients that do not name themselves. */
  readonly ourselves: Json;
  readonly log: Log;
}

export class Bridge {
  readonly #options: BridgeOptions;
  readonly #sessions: SessionPool;

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.#sessions = new SessionPool(options);
  }

  /** Whether it has no session with the server, so that nothing depends on the server's era. */
  get empty(): boolean {
    return this.#sessions.size === 0;
  }

  get established(): boolean {
    return this.#sessions.established;
  }

  /** Whether the server has given way to one of 2026-07-28. */
  get replaced(): boolean {
    return this.#sessions.replaced;
  }

  async request(exchange: Exchange): Promise<Reply> {
    const client = clientOf(exchange.call);
    const refused = refusal(exchange.call, client);
    if (refused) return refused;
    const { method, params } = exchange.call;
    const state = mayAskDuring(method) ? peek(params, 'requestState') : undefined;
    if (state) return this.#resume(exchange, asString(state) ?? '');
    if (isAboutTask(method)) return this.#aboutTask(exchange);
    let session = method === 'server/discover' ? undefined : this.#sessions.ready(client);
    if (!session) {
      const opened = await this.#sessions.open(exchange, client);
      if ('error' in opened.reply) return modernError(opened.reply);
      if (method === 'server/discover') return { result: discoverResultOf(opened.reply.result) };
      session = opened.session;
    }
    if (method === 'subscriptions/listen') return session.listen(exchange);
    return this.#finished(exchange.call, session.serverInfo, await session.request(exchange));
  }

  /** The server has answered a request that did not come through the bridge. Opens a session, which the next one uses. */
  async answered(exchange: Exchange, reply: Reply): Promise<Reply> {
    const opened = await this.#sessions.open(exchange).catch(() => undefined);
    return this.#finished(exchange.call, opened?.session.serverInfo, { kind: 'reply', reply });
  }

  /** A notification of a modern client goes to the session that its requests use, if there is one. */
  notify(call: Call): Promise<void> | undefined {
    return this.#sessions.find(call)?.notify(call);
  }

  /** Closes sessions that nothing uses. */
  closeUnused(): void {
    this.#sessions.closeUnused();
  }

  close(limit: number): Promise<void> {
    return this.#sessions.close(limit);
  }

  destroy(reason: ProxyError): void {
    this.#sessions.destroy(reason);
  }

  /** A request about a task, which belongs to the session in which it was made. */
  async #aboutTask(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    const taskId = taskIdOf(call) ?? '';
    let session = this.#sessions.withTask(taskId);
    if (!session) {
      const opened = await this.#sessions.open(exchange);
      if ('error' in opened.reply) return modernError(opened.reply);
      session = opened.session;
    }
    if (!session.tasks.offered) return noSuchMethod(call.method);
    if (!hasTasks(clientOf(call).capabilities)) return tasksNotDeclared();
    return finishedReply(call, session.serverInfo, await session.tasks.about(exchange));
  }

  /** The client comes back with the answers to a round. */
  async #resume(exchange: Exchange, state: string): Promise<Reply> {
    const { call } = exchange;
    const { held, states } = this.#options;
    const claim = states.open(state, this.#bound(call));
    if (claim.kind === 'refused') return refusedState(claim.reason);
    if (claim.kind === 'again') return this.#again(exchange);
    const responses = inputResponses(call);
    if (!responses) return errorReply(INVALID_PARAMS, 'Invalid params: inputResponses is not an object of objects');
    const ongoing = await held.take(claim.handle).catch((error: Error) => {
      const why = `the calls that wait for their users cannot be reached: ${error.message}`;
      throw new ProxyError('internal', why, { hint: 'send the request again' }, error);
    });
    if (!ongoing) return refusedState('gone');
    return this.#finished(call, ongoing.serverInfo, await ongoing.attend(exchange, responses));
  }

  /** The user has seen the pages that the server requires, or did not want to. */
  async #again(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    if (isDeclined(peek(call.params, 'inputResponses'))) {
      return finishedReply(call, this.#sessions.find(call)?.serverInfo, declined(call.method));
    }
    const { session, reply } = await this.#sessions.open(exchange);
    if ('error' in reply) return modernError(reply);
    for (const pause of PAUSES) {
      const answer = await session.request(exchange);
      if (answer.kind === 'ours' || !needsPages(answer.reply)) return this.#finished(call, session.serverInfo, answer);
      // The server refuses until the user is done, and need not say when that is.
      exchange.slow?.();
      await session.visited(pause, exchange.signal);
    }
    return this.#finished(call, session.serverInfo, await session.request(exchange));
  }

  /** The result of a request, as its client expects it. */
  #finished(call: Call, serverInfo: Json | undefined, answer: CallAnswer): Reply {
    if (answer.kind === 'ours') return { result: from(serverInfo, answer.result) };
    const { reply } = answer;
    const pages = needsPages(reply) && mayAskDuring(call.method) ? pagesOf(reply) : undefined;
    if (!pages) return finishedReply(call, serverInfo, reply);
    if (!peekObject(clientOf(call).capabilities, 'elicitation', 'url')) return pagesNotShown();
    const state = this.#options.states.seal({ kind: 'again' }, this.#bound(call));
    return { result: from(serverInfo, inputRequired(pages, state)) };
  }

  #bound({ method, params }: Call): BoundRequest {
    return { method, params, owner: this.#options.owner };
  }
}

/** How long to wait for the user before the server is asked once more, in milliseconds. Clients wait for a minute. */
const PAUSES = [2_000, 4_000, 8_000, 15_000, 15_000];

/** The answer to a request that no server needs to see. Throws a JsonError for a duplicate key. */
function refusal(call: Call, { capabilities }: DeclaredClient): Reply | undefined {
  const { method } = call;
  const requested = declaredRevision(call);
  if (requested !== undefined && !isModernRevision(requested)) {
    return errorReply(UNSUPPORTED_VERSION, 'Unsupported protocol version', { supported: MODERN_REVISIONS, requested });
  }
  // Among them are those about tasks that only 2025-11-25 has.
  if (isLegacyRequest(method) || (isAboutTask(method) && !METHODS.has(method))) return noSuchMethod(method);
  if (method !== 'server/discover' && !capabilities) {
    return errorReply(INVALID_PARAMS, `Invalid params: _meta has no ${CLIENT_CAPABILITIES}`);
  }
  if (wantedLevel(call) !== -1) return undefined;
  return errorReply(INVALID_PARAMS, `Invalid params: ${LOG_LEVEL} is not one of ${LOG_LEVELS.join(', ')}`);
}

function finishedReply({ method }: Call, serverInfo: Json | undefined, reply: Reply): Reply {
  return 'error' in reply ? modernError(reply) : { ...reply, result: modernResult(method, reply.result, serverInfo) };
}

/** A result of ours, in the name of the server. */
function from(serverInfo: Json | undefined, result: Json): Json {
  if (!serverInfo) return result;
  return withMember(result, '_meta', withMember(peekObject(result, '_meta') ?? encode({}), SERVER_INFO, serverInfo));
}

function refusedState(reason: StateRefusal): Reply {
  return errorReply(INVALID_PARAMS, 'Invalid or expired requestState', { reason });
}

/**
 * Makes a legacy server look modern to its client. Opens the server's session in the client's name, removes the
 * envelope from every request, and adds what modern clients expect in results.
 */

import { derived, detached, type Exchange, type Handler } from '../../core/exchange.ts';
import {
  decode,
  encode,
  isObject,
  type Json,
  JsonError,
  members,
  peek,
  peekObject,
  peekText,
  withMember,
} from '../../core/json.ts';
import {
  type Call,
  errorCode,
  errorReply,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  METHOD_NOT_FOUND,
  type Reply,
} from '../../core/jsonrpc.ts';
import { ProxyError } from '../../errors.ts';
import { declaredClient, withoutEnvelope } from '../../mcp/envelope.ts';
import { discoverResult, INITIALIZED, type Introduction, initializeCall, ourselves } from '../../mcp/handshake.ts';
import { isCacheable, isLegacyRequest } from '../../mcp/methods.ts';
import { COMPLETE, UNCACHED } from '../../mcp/result.ts';

const RESOURCE_NOT_FOUND = -32002;

export class LegacyServer {
  readonly #next: Handler;
  readonly #notify: (call: Call) => void;
  readonly #version: string;
  #session: Promise<Reply> | undefined;

  /** @param version of this program, for a server whose client does not give its own. */
  constructor(next: Handler, notify: (call: Call) => void, version: string) {
    this.#next = next;
    this.#notify = notify;
    this.#version = version;
  }

  async request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    if (isLegacyRequest(call.method)) return errorReply(METHOD_NOT_FOUND, `Method not found: ${call.method}`);
    if (call.method === 'subscriptions/listen') {
      throw new ProxyError('cannot-bridge', 'this server cannot tell a 2026-07-28 client what has changed', {
        hint: 'restart the client: it will be told the era of the server at once',
      });
    }
    const opened = await this.#open(exchange);
    if ('error' in opened) return opened;
    if (call.method === 'server/discover') return { result: discoverResult(introduced(opened.result)) };
    const params = call.params && withoutEnvelope(call.params);
    const legacy: Exchange = {
      ...derived(exchange, { call: { ...call, ...(params && { params }) } }),
      // The session declares no capabilities, so the server must not ask. If it does, it gets the answer of a client
      // that cannot.
      ask: (question) => Promise.resolve(errorReply(METHOD_NOT_FOUND, `Method not found: ${question.method}`)),
    };
    return upgraded(call.method, await this.#next(legacy));
  }

  /** Opens the server's session once. After a failure, the next request tries again. */
  #open(exchange: Exchange): Promise<Reply> {
    this.#session ??= this.#initialize(exchange).then(
      (reply) => {
        if ('error' in reply) this.#session = undefined;
        else this.#notify(INITIALIZED);
        return reply;
      },
      (error) => {
        this.#session = undefined;
        throw error;
      },
    );
    return this.#session;
  }

  #initialize(exchange: Exchange): Promise<Reply> {
    const call = initializeCall(declaredClient(exchange.call) ?? ourselves(this.#version));
    // Other requests wait for it too, even if the first one is cancelled.
    return this.#next(derived(detached(exchange), { call, notify: () => undefined }));
  }
}

/** How the server introduced itself. */
function introduced(initialized: Json): Introduction {
  return {
    capabilities: peekObject(initialized, 'capabilities') ?? encode({}),
    serverInfo: peekObject(initialized, 'serverInfo'),
    ...(peekText(initialized, 'instructions') && { instructions: peek(initialized, 'instructions') }),
  };
}

function upgraded(method: string, reply: Reply): Reply {
  if ('error' in reply) return upgradedError(reply);
  // Let the client judge a result that could be read in two ways.
  if (!isObject(reply.result) || !isReadable(reply.result)) return reply;
  const own = reply.result;
  let result = own;
  const add = (key: string, value: unknown): void => {
    result = withMember(result, key, encode(value));
  };
  if (peekText(own, 'resultType') === undefined) add('resultType', COMPLETE.resultType);
  if (isCacheable(method)) {
    if (!(Number(peek(own, 'ttlMs')?.toString('latin1') ?? Number.NaN) >= 0)) add('ttlMs', UNCACHED.ttlMs);
    if (!['public', 'private'].includes(peekText(own, 'cacheScope') ?? '')) add('cacheScope', UNCACHED.cacheScope);
  }
  return { ...reply, result };
}

function isReadable(result: Json): boolean {
  try {
    members(result);
    return true;
  } catch (error) {
    if (error instanceof JsonError) return false;
    throw error;
  }
}

/** Changes error codes that have another meaning in the modern era, or none. */
function upgradedError(reply: Reply & { readonly error: Json }): Reply {
  const code = errorCode(reply) ?? 0;
  if (code === RESOURCE_NOT_FOUND) return { ...reply, error: withMember(reply.error, 'code', encode(INVALID_PARAMS)) };
  if (code > -32020 || code < -32099) return reply;
  return errorReply(INTERNAL_ERROR, 'the server answered with a code of another revision', {
    original: decode(reply.error),
  });
}

/**
 * Passes requests on to the replica that they belong to: one hop, over connections that only replicas can open, to places
 * that only replicas can name. The answer comes back as it is, however long it streams.
 */
import type { IncomingMessage, RequestOptions, ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { encodeResponse, type Id } from '../../../core/jsonrpc.ts';
import type { ReplicaPlace, Replicas } from '../../../core/ports/replicas.ts';
import { LEGACY_REVISIONS } from '../../../mcp/revisions.ts';
import { replyFrom } from '../../../wire/replies.ts';
import type { Request } from '../contracts.ts';
import { type Refusal, refused } from '../refusal.ts';
import { REPLICA_ENDED } from '../sessions/reopened-session.ts';
import { SHUTTING_DOWN, withId } from './away.ts';
import { FOR_REPLICA, MAY_MOVE, MAY_RETURN, MISDIRECTED } from './hop-listener.ts';
import { proving, type ReplicaKey } from './replica-tls.ts';

/** How long an unused connection is kept, in milliseconds: less than the other replica keeps its end. */
const FREE_LIMIT = 60_000;

/** How long a connection to another replica may take, in milliseconds. */
const CONNECT_LIMIT = 5_000;

/** Headers of one connection (RFC 9110, section 7.6.1), and those that the body decides. */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'content-length',
  FOR_REPLICA,
  MAY_MOVE,
  MAY_RETURN,
]);

/** What a hop came to. `gone`: nothing of the request was taken. `moved`: neither, because its place is elsewhere. */
export type HopOutcome =
  | { readonly kind: 'served' }
  | { readonly kind: 'gone' | 'moved' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const SERVED: HopOutcome = { kind: 'served' };
const GONE: HopOutcome = { kind: 'gone' };
const MOVED: HopOutcome = { kind: 'moved' };

/** The body of a request, and the ids of the requests in it. */
export interface HopBody {
  readonly body: Buffer;
  readonly ids: readonly Id[];
  /** The session of the request may move. */
  readonly moves?: boolean;
  /** This replica can serve the request if the other one need not. */
  readonly returns?: boolean;
}

export class Hops {
  readonly #replicas: Replicas;
  readonly #agent: Agent;
  /** What was passed on and is not over: how to end it, and whether it waits for answers. */
  readonly #open = new Map<() => void, boolean>();
  #idle: (() => void)[] = [];
  #ended = false;

  constructor(replicas: Replicas, key: ReplicaKey) {
    this.#replicas = replicas;
    this.#agent = new Agent({ ...proving(key), keepAlive: true, maxFreeSockets: 256, timeout: FREE_LIMIT });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Resolves when no call that was passed on waits for its answer. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#noteIdle();
    });
  }

  /**
   * This replica ends: passes nothing on, and ends what it has passed on. A call gets an error, unless its client can
   * resume the stream of it at another replica.
   */
  end(): void {
    this.#ended = true;
    for (const end of [...this.#open.keys()]) end();
  }

  #noteIdle(): void {
    if (![...this.#open.values()].includes(true)) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Passes a request on. Resolves as soon as the answer begins, or when none will come. */
  send(place: ReplicaPlace, request: Request, what: HopBody): Promise<HopOutcome> {
    const { req, res } = request;
    const { body, ids } = what;
    if (this.#ended) return Promise.resolve({ kind: 'refused', refusal: withId(SHUTTING_DOWN, ids) });
    return new Promise((resolve) => {
      const hop = httpsRequest(this.#optionsFor(place, req, what));
      let sent = false;
      const limit = setTimeout(() => hop.destroy(new Error('no connection')), CONNECT_LIMIT);
      const unwatch = this.#replicas.whenGone(place.id, () => hop.destroy(new Error('the replica is gone')));
      const left = (): void => void hop.destroy();
      res.once('close', left);
      const end = (): void => void hop.destroy(new Error('this replica ends'));
      this.#open.set(end, ids.length > 0);
      const over = (outcome: HopOutcome): void => {
        clearTimeout(limit);
        unwatch();
        res.off('close', left);
        this.#open.delete(end);
        this.#noteIdle();
        resolve(outcome);
      };
      hop.once('socket', (socket) => {
        const connected = (): void => {
          clearTimeout(limit);
          // From here on, the other replica may have taken it.
          sent = true;
        };
        if (hop.reusedSocket) connected();
        else socket.once('secureConnect', connected);
      });
      hop.once('response', (answer) => {
        if (answer.statusCode === MISDIRECTED) {
          answer.resume();
          over(MOVED);
          return;
        }
        pass(answer, res, () => (this.#ended && resumes(req) ? '' : lastEvent(ids)));
        answer.once('close', () => over(SERVED));
      });
      hop.once('error', () => {
        if (res.destroyed || res.headersSent) over(SERVED);
        else if (!sent) over(GONE);
        else over({ kind: 'refused', refusal: lost(ids) });
      });
      hop.end(body);
    });
  }

  #optionsFor(
    { id, address, port }: ReplicaPlace,
    { method, url, headers }: IncomingMessage,
    { body, moves, returns }: HopBody,
  ): RequestOptions {
    const passed: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined && !OF_CONNECTION.has(name)) passed[name] = value;
    }
    passed[FOR_REPLICA] = id;
    if (moves) passed[MAY_MOVE] = '1';
    if (returns) passed[MAY_RETURN] = '1';
    if (method === 'POST') passed['content-length'] = String(body.length);
    return { agent: this.#agent, host: address, port, method: method ?? 'GET', path: url ?? '/', headers: passed };
  }
}

/** Whether the client gets the rest of a stream that ends early: it knows ids of events (specification 2025-11-25). */
function resumes({ headers }: IncomingMessage): boolean {
  return headers['mcp-session-id'] !== undefined && headers['mcp-protocol-version'] === LEGACY_REVISIONS[0];
}

/**
 * Writes the answer of another replica to the client.
 * @param last what a stream ends with that was cut off
 */
function pass(answer: IncomingMessage, res: ServerResponse, last: () => string): void {
  const { statusCode = 502, headers } = answer;
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && (!OF_CONNECTION.has(name) || name === 'content-length')) res.setHeader(name, value);
  }
  res.writeHead(statusCode);
  const isStream = headers['content-type']?.startsWith('text/event-stream') ?? false;
  if (isStream) res.flushHeaders();
  let whole = true;
  answer.on('data', (chunk: Buffer) => {
    // Between two events.
    whole = chunk.length > 1 && chunk[chunk.length - 1] === LF && chunk[chunk.length - 2] === LF;
  });
  answer.pipe(res, { end: false });
  answer.once('close', () => {
    if (res.destroyed) return;
    if (answer.complete) res.end();
    else if (isStream && whole) res.end(last());
    else res.destroy();
  });
}

const LF = 10;

/** Answers the request of a stream that was cut off. A client with several of them asks for their answers again. */
function lastEvent([only, ...others]: readonly Id[]): string {
  if (only === undefined || others.length > 0) return '';
  return `data: ${Buffer.concat(encodeResponse(only, replyFrom(REPLICA_ENDED))).toString('utf8')}\n\n`;
}

/** The answer for requests that were with a replica when it ended. */
function lost([id, ...others]: readonly Id[]): Refusal {
  const reply = replyFrom(REPLICA_ENDED);
  if (id === undefined) return { ...refused(502, ''), reply };
  return others.length > 0 ? { status: 502, reply } : { status: 200, reply, id };
}

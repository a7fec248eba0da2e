/** Requests of clients that open sessions: to which session they belong, and what is wrong with them when they belong to none. */

import { errorReply, INVALID_REQUEST, type Message } from '../../../core/jsonrpc.ts';
import { ProxyError } from '../../../errors.ts';
import { isModernRevision, LEGACY_REVISIONS } from '../../../mcp/revisions.ts';
import type { ReceivedFrame } from '../../../wire/frames.ts';
import { replyFrom } from '../../../wire/replies.ts';
import { accepts } from '../accept.ts';
import { claimBytes, type Release } from '../body-budget.ts';
import { forwardedPrefix } from '../paths.ts';
import { type Refusal, refused } from '../refusal.ts';
import type { ClientOptions, Forwarded, Posted, Request } from '../servers.ts';
import { ReplayBudget } from './replay.ts';
import type { Served } from './sessions.ts';
import { SseSession } from './sse-session.ts';
import { StreamableSession } from './streamable-session.ts';

export class LegacyClients {
  readonly #options: ClientOptions;
  readonly #budget = new ReplayBudget();
  /** What the clients sent last of the headers that go upstream. */
  readonly #forwarded = new WeakMap<Served, { headers: Forwarded }>();

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** The messages of a POST at the endpoint of Streamable HTTP. */
  post(request: Posted, { messages, batch }: ReceivedFrame): Refusal | undefined {
    const { req, res } = request;
    const [first] = messages;
    const opens = !batch && first?.kind === 'request' && first.call.method === 'initialize';
    const fresh = opens && req.headers['mcp-session-id'] === undefined;
    const session = fresh ? this.#open(request) : this.#sessionOf(request);
    if (!(session instanceof StreamableSession)) {
      const id = first?.kind === 'request' && !batch ? { id: first.id } : {};
      return { ...session, ...id };
    }
    const claim = (): Release | undefined => claimBytes(this.#options.bytes, session, request);
    return session.post(res, { messages, batch, accepts: accepts(req.headers.accept) ?? 'both', claim });
  }

  /** A GET for the stream of a session. */
  listen(request: Request): Refusal | undefined {
    const session = this.#sessionOf(request);
    if (!(session instanceof StreamableSession)) return session;
    const lastEventId = request.req.headers['last-event-id'];
    return session.listen(request.res, typeof lastEventId === 'string' ? lastEventId : undefined);
  }

  delete(request: Request): Refusal | undefined {
    const session = this.#sessionOf(request);
    if (!(session instanceof StreamableSession)) return session;
    this.#options.sessions.end(session);
    request.res.writeHead(204).end();
    return undefined;
  }

  /** A GET that opens a session of HTTP+SSE. */
  connect(request: Request): Refusal | undefined {
    const { sessions, pulse, servers } = this.#options;
    if (sessions.full) return FULL;
    const held = { headers: request.forwarded };
    const session: SseSession = new SseSession(request.res, {
      id: sessions.newId(),
      pulse,
      path: `${forwardedPrefix(request.req.headers)}/message`,
      open: (client) => servers.open(client, () => held.headers),
      ended: () => sessions.end(session),
    });
    this.#forwarded.set(session, held);
    sessions.add(session);
    return undefined;
  }

  /** The messages of a POST that belongs to a stream of HTTP+SSE. */
  message(posted: Posted, messages: readonly Message[]): Refusal | undefined {
    const { req, res, forwarded } = posted;
    const id = new URLSearchParams((req.url ?? '').split('?')[1]).get('sessionId');
    if (id === null) return refused(400, 'the query has no sessionId');
    const session = this.#options.sessions.get(id, SseSession);
    if (!session) return UNKNOWN_SESSION;
    const [first] = messages;
    if (messages.length !== 1 || first === undefined || first.kind === 'invalid') {
      const reason = first?.kind === 'invalid' ? first.reason : 'one message a request';
      return { status: 400, reply: errorReply(INVALID_REQUEST, `Invalid Request: ${reason}`) };
    }
    this.#remember(session, forwarded);
    const refusal = session.post(first, () => claimBytes(this.#options.bytes, session, posted));
    if (refusal) return refusal;
    res.writeHead(202, { 'content-type': 'text/plain', 'content-length': ACCEPTED.length }).end(ACCEPTED);
    return undefined;
  }

  #open({ forwarded }: Request): StreamableSession | Refusal {
    const { sessions, pulse, servers } = this.#options;
    if (sessions.full) return FULL;
    const held = { headers: forwarded };
    const session: StreamableSession = new StreamableSession({
      id: sessions.newId(),
      pulse,
      budget: this.#budget,
      open: (client) => servers.open(client, () => held.headers),
      failed: () => sessions.end(session),
      abandoned: () => sessions.abandon(session),
    });
    this.#forwarded.set(session, held);
    sessions.add(session);
    return session;
  }

  #sessionOf({ req, forwarded }: Request): StreamableSession | Refusal {
    const id = req.headers['mcp-session-id'];
    const version = req.headers['mcp-protocol-version'];
    if (typeof version === 'string' && !isKnown(version)) {
      const known = LEGACY_REVISIONS.join(', ');
      return refused(400, `this MCP-Protocol-Version is not supported; supported are ${known}`);
    }
    if (typeof id !== 'string') return refused(400, 'Mcp-Session-Id is missing; initialize begins a session');
    const session = this.#options.sessions.get(id, StreamableSession);
    if (!session) return UNKNOWN_SESSION;
    this.#remember(session, forwarded);
    return session;
  }

  /** Tokens of users are renewed in mid-session: the last ones count. */
  #remember(session: Served, forwarded: Forwarded): void {
    const held = this.#forwarded.get(session);
    if (held) held.headers = forwarded;
  }
}

const ACCEPTED = 'Accepted';

function isKnown(version: string): boolean {
  return (LEGACY_REVISIONS as readonly string[]).includes(version) || isModernRevision(version);
}

const UNKNOWN_SESSION = refused(404, 'this session is unknown or has ended; send initialize to start a new one');
const FULL: Refusal = {
  status: 503,
  reply: replyFrom(new ProxyError('limit', 'there are as many sessions as are allowed; --max-sessions allows more')),
  headers: { 'retry-after': '30' },
};

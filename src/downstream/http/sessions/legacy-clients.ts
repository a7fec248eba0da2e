/** Requests of clients that open sessions: finds the session of each, or says why there is none. */

import { errorReply, INVALID_REQUEST, type Message } from '../../../core/jsonrpc.ts';
import type { OfKind } from '../../../core/ports/sessions.ts';
import { NOT_YET } from '../../../core/ports.ts';
import { printable } from '../../../core/redact.ts';
import { ProxyError } from '../../../errors.ts';
import { isModernRevision, LEGACY_REVISIONS } from '../../../mcp/revisions.ts';
import type { ReceivedFrame } from '../../../wire/frames.ts';
import { replyFrom } from '../../../wire/replies.ts';
import type { Release } from '../../../wire/reply-route.ts';
import { accepts } from '../accept.ts';
import { claimBytes, groupsOf } from '../body-budget.ts';
import type { ClientOptions, Forwarded, HttpSession, Posted, Request, Servers } from '../contracts.ts';
import { CLIENT_PATHS, type ClientService, forwardedPrefix } from '../paths.ts';
import { type MaybeRefused, type Refusal, refused } from '../refusal.ts';
import type { Sender } from '../request-body.ts';
import { type OpeningKeeper, SessionOpening } from './session-opening.ts';
import { SessionStreams } from './session-streams.ts';
import { SseClientSession } from './sse-session.ts';
import { StreamableClientSession } from './streamable-session.ts';

export class LegacyClients {
  readonly #options: ClientOptions;
  readonly #servers: Servers;
  /** The sessions that begin here, with the headers for upstream that each client sent last. */
  readonly #forwarded = new WeakMap<HttpSession, { headers: Forwarded }>();

  constructor(options: ClientOptions, servers: Servers) {
    this.#options = options;
    this.#servers = servers;
  }

  /** Whose share the body of a POST counts against while it arrives: its session's, or that of its connection. */
  senderOf(request: Request, service: ClientService): Sender {
    const { req } = request;
    const [id, kind] =
      service === 'message'
        ? ([streamIn(request), 'sse'] as const)
        : ([req.headers['mcp-session-id'], 'streamable'] as const);
    const session = typeof id === 'string' ? this.#options.sessions.peek(id, kind) : undefined;
    const owner = session === undefined || session === NOT_YET ? req.socket : session;
    return { owner, groups: groupsOf(request) };
  }

  /** Takes the messages of a POST at the endpoint of Streamable HTTP. */
  post(request: Posted, { messages, batch }: ReceivedFrame): MaybeRefused {
    const { req, res } = request;
    const [first] = messages;
    const opens = !batch && first?.kind === 'request' && first.call.method === 'initialize';
    const serve = (session: StreamableClientSession): Refusal | undefined => {
      const claim = (): Release | undefined => claimBytes(this.#options.bytes, session, request);
      return session.post(res, { messages, batch, accepts: accepts(req.headers.accept) ?? 'both', claim });
    };
    const id = first?.kind === 'request' && !batch ? { id: first.id } : {};
    const refuse = (refusal: Refusal): Refusal => ({ ...refusal, ...id });
    if (!opens || req.headers['mcp-session-id'] !== undefined) return this.#inSession(request, serve, refuse);
    const session = this.#open(request);
    return session.kind === 'streamable' ? serve(session) : refuse(session);
  }

  /** Serves a GET for the stream of a session. */
  listen(request: Request): MaybeRefused {
    return this.#inSession(request, (session) => {
      const lastEventId = request.req.headers['last-event-id'];
      return session.listen(request.res, typeof lastEventId === 'string' ? lastEventId : undefined);
    });
  }

  delete(request: Request): MaybeRefused {
    return this.#inSession(request, (session) => {
      this.#options.sessions.end(session);
      request.res.writeHead(204).end();
      return undefined;
    });
  }

  /** Serves a GET that opens a session of HTTP+SSE. */
  connect(request: Request): Refusal | undefined {
    const { sessions, pulse } = this.#options;
    if (sessions.full) return FULL;
    const held = { headers: request.forwarded };
    const session: SseClientSession = new SseClientSession(request.res, {
      id: sessions.newId(),
      base: request.base,
      pulse,
      path: `${forwardedPrefix(request.req.headers)}${request.base}${CLIENT_PATHS.message}`,
      open: (client) => this.#servers.open(client, () => held.headers),
      ended: () => sessions.end(session),
    });
    this.#forwarded.set(session, held);
    sessions.add(session);
    return undefined;
  }

  /** Takes the messages of a POST that belongs to a stream of HTTP+SSE. */
  message(posted: Posted, messages: readonly Message[]): MaybeRefused {
    const id = streamIn(posted);
    if (id === null) return refused(400, 'the query has no sessionId');
    return this.#lead(posted, id, 'sse', (session) => this.#toStream(session, posted, messages));
  }

  #toStream(session: SseClientSession, posted: Posted, messages: readonly Message[]): Refusal | undefined {
    const [first] = messages;
    if (messages.length !== 1 || first === undefined || first.kind === 'invalid') {
      const reason = first?.kind === 'invalid' ? first.reason : 'one message a request';
      return { status: 400, reply: errorReply(INVALID_REQUEST, `Invalid Request: ${reason}`) };
    }
    this.#remember(session, posted.forwarded);
    const refusal = session.post(first, () => claimBytes(this.#options.bytes, session, posted));
    if (refusal) return refusal;
    posted.res.writeHead(202, { 'content-type': 'text/plain', 'content-length': ACCEPTED.length }).end(ACCEPTED);
    return undefined;
  }

  /**
   * Goes on with the session of a replica that has ended. Resolves with whether it can; the client opens a new one where
   * not.
   */
  async adopt({ forwarded, base }: Request, id: string, record: Buffer): Promise<boolean> {
    const { sessions } = this.#options;
    const opening = SessionOpening.from(record, this.#keeperOf(id));
    // A session with one of several servers is none with another.
    if (opening.base !== base || sessions.full) return false;
    const { calls } = opening;
    const session = this.#make(id, { forwarded, base }, opening);
    const reopened = await session.reopen(calls);
    if (!reopened) sessions.end(session);
    return reopened;
  }

  #open({ forwarded, base }: Request): StreamableClientSession | (Refusal & { readonly kind?: undefined }) {
    const { sessions, records } = this.#options;
    if (sessions.full) return FULL;
    const id = sessions.newId();
    const opening = records && new SessionOpening(base, this.#keeperOf(id));
    return this.#make(id, { forwarded, base }, opening);
  }

  #keeperOf(id: string): OpeningKeeper {
    const { records } = this.#options;
    return { keep: (record) => records?.keep(id, record), drop: () => records?.drop(id) };
  }

  #make(
    id: string,
    { forwarded, base }: Pick<Request, 'forwarded' | 'base'>,
    opening: SessionOpening | undefined,
  ): StreamableClientSession {
    const { sessions, pulse, records, replays } = this.#options;
    const held = { headers: forwarded };
    const session: StreamableClientSession = new StreamableClientSession({
      id,
      base,
      pulse,
      channels: new SessionStreams(replays(id), opening),
      opening,
      open: (client) => this.#servers.open(client, () => held.headers),
      failed: () => sessions.end(session),
      abandoned() {
        sessions.abandon(session);
        // Nobody knows the session: its late answer must not leave a record.
        opening?.end();
        records?.forget(id);
      },
    });
    this.#forwarded.set(session, held);
    sessions.add(session);
    return session;
  }

  /** Serves a request in the session that its headers name. */
  #inSession(
    request: Request,
    serve: (session: StreamableClientSession) => Refusal | undefined,
    refuse: (refusal: Refusal) => Refusal = (refusal) => refusal,
  ): MaybeRefused {
    const { req, forwarded } = request;
    const id = req.headers['mcp-session-id'];
    const version = req.headers['mcp-protocol-version'];
    if (typeof version === 'string' && !isKnown(version)) {
      const known = LEGACY_REVISIONS.join(', ');
      return refuse(refused(400, `this MCP-Protocol-Version is not supported; supported are ${known}`));
    }
    if (typeof id !== 'string') return refuse(refused(400, 'Mcp-Session-Id is missing; initialize begins a session'));
    const begin = (session: StreamableClientSession): Refusal | undefined => {
      this.#remember(session, forwarded);
      return serve(session);
    };
    return this.#lead(request, id, 'streamable', begin, refuse);
  }

  /** Passes a request to its session, synchronously where the session is known at once. */
  #lead<K extends HttpSession['kind']>(
    { res }: Request,
    id: string,
    kind: K,
    serve: (session: OfKind<HttpSession, K>) => Refusal | undefined,
    refuse: (refusal: Refusal) => Refusal = (refusal) => refusal,
  ): MaybeRefused {
    const { sessions } = this.#options;
    const peeked = sessions.peek(id, kind);
    // A session with one of several servers is none with another.
    if (peeked !== NOT_YET) return this.#isOwn(peeked) ? serve(peeked) : refuse(UNKNOWN_SESSION);
    const found = sessions.find(id, kind).then(
      (session) => ({ session, refusal: UNKNOWN_SESSION }),
      (error: unknown) => ({ session: undefined, refusal: this.#unavailable(error) }),
    );
    return found.then(({ session, refusal }) => {
      // A client that left before its session was found no longer wants the request served.
      if (res.destroyed) return undefined;
      return this.#isOwn(session) ? serve(session) : refuse(refusal);
    });
  }

  #isOwn<S extends HttpSession>(session: S | undefined): session is S {
    return session !== undefined && this.#forwarded.has(session);
  }

  /** A 404 would make the client give up its session. */
  #unavailable(error: unknown): Refusal {
    const reason = printable(error instanceof Error ? error.message : String(error), 300);
    this.#options.log.warn(`cannot look for the sessions of clients: ${reason}`);
    return UNAVAILABLE;
  }

  /** Clients refresh the tokens of their users during a session: the latest headers count. */
  #remember(session: HttpSession, forwarded: Forwarded): void {
    const held = this.#forwarded.get(session);
    if (held) held.headers = forwarded;
  }
}

const ACCEPTED = 'Accepted';

/** The session of HTTP+SSE that a POST belongs to. */
function streamIn({ req }: Request): string | null {
  return new URLSearchParams((req.url ?? '').split('?')[1]).get('sessionId');
}

function isKnown(version: string): boolean {
  return (LEGACY_REVISIONS as readonly string[]).includes(version) || isModernRevision(version);
}

const UNKNOWN_SESSION = refused(404, 'this session is unknown or has ended; send initialize to start a new one');
const UNAVAILABLE = refused(503, 'sessions cannot be looked up at the moment; try again', { 'retry-after': '1' });
const FULL: Refusal = {
  status: 503,
  reply: replyFrom(new ProxyError('limit', 'there are as many sessions as are allowed; --max-sessions allows more')),
  headers: { 'retry-after': '30' },
};

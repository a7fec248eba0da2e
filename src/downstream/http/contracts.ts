/** The interface between the clients of HTTP mode and the server, and the data that requests carry. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Peer, Session } from '../../core/exchange.ts';
import type { Replays } from '../../core/ports/replay.ts';
import type { SessionRecords } from '../../core/ports/replicas.ts';
import type { Sessions } from '../../core/ports/sessions.ts';
import type { Log } from '../../core/ports.ts';
import type { Budget } from './body-budget.ts';
import type { Heartbeats } from './response/heartbeat.ts';
import type { SseClientSession } from './sessions/sse-session.ts';
import type { StreamableClientSession } from './sessions/streamable-session.ts';

/** The headers of a client that go upstream, under their upstream names. */
export type Forwarded = Readonly<Record<string, string>>;

/**
 * One process for all clients, a session for each, or nothing, so that any replica may serve them. A server of which
 * nothing is known may have sessions.
 */
export type ServerKeeps = 'process' | 'sessions' | 'nothing';

/** Opens sessions with the server. */
export interface Servers {
  /** A session for a client of the revisions with a handshake. `forwarded` returns the headers to send upstream now. */
  open(client: Peer, forwarded: () => Forwarded): Session;
  /** The session for stateless requests. */
  stateless(forwarded: Forwarded): Session;
  /** What the server keeps for clients without sessions. */
  keeps(forwarded: Forwarded): ServerKeeps;
}

/** What clients find at a path: one server, or several together. */
export interface Site {
  readonly servers: Servers;
  /** The headers of clients that go upstream, names in lower case. */
  readonly forwardHeaders: readonly { readonly from: string; readonly to: string }[];
}

/** A session of a client of the revisions with a handshake. */
export type HttpSession = StreamableClientSession | SseClientSession;

export interface ClientOptions {
  readonly sessions: Sessions<HttpSession>;
  readonly replays: Replays;
  /** Where sessions are kept for other replicas, if there are any. */
  readonly records?: SessionRecords | undefined;
  readonly log: Log;
  readonly pulse: Heartbeats;
  /** The budget for bytes of messages that wait for answers. */
  readonly bytes: Budget;
}

/** One POST whose message has been read. */
export interface Posted extends Request {
  /** Bytes of its body. */
  readonly size: number;
}

/** One admitted request. */
export interface Request {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly forwarded: Forwarded;
  /** The part of the path in front of the endpoints: empty, or the path of one of several servers. */
  readonly base: string;
  /** Whether another replica has passed it on: it is served here. */
  readonly hopped: boolean;
  /** Whether that replica can serve it if this one need not. */
  readonly returns?: boolean | undefined;
  /** Whether it is served here even if this replica is about to end: its session still has calls in flight. */
  readonly stays?: boolean | undefined;
}

/** Spelled out, because to copy an object costs as much as the rest of the way to its session. */
export function postedOf({ req, res, forwarded, base, hopped, returns, stays }: Request, size: number): Posted {
  return { req, res, forwarded, base, hopped, returns, stays, size };
}

/** The interface between the clients of HTTP mode and the server, and the data that requests carry. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Peer, Session } from '../../core/exchange.ts';
import type { Replays } from '../../core/ports/replay.ts';
import type { Sessions } from '../../core/ports/sessions.ts';
import type { Log } from '../../core/ports.ts';
import type { Budget } from './body-budget.ts';
import type { Heartbeats } from './response/heartbeat.ts';
import type { SseSession } from './sessions/sse-session.ts';
import type { StreamableSession } from './sessions/streamable-session.ts';

/** The headers of a client that go upstream, under their upstream names. */
export type Forwarded = Readonly<Record<string, string>>;

/** Opens sessions with the server. */
export interface Servers {
  /** A session for a client of the revisions with a handshake. `forwarded` returns the headers to send upstream now. */
  open(client: Peer, forwarded: () => Forwarded): Session;
  /** The session for stateless requests. */
  stateless(forwarded: Forwarded): Session;
}

/** A session of a client of the revisions with a handshake. */
export type HttpSession = StreamableSession | SseSession;

export interface ClientOptions {
  readonly servers: Servers;
  readonly sessions: Sessions<HttpSession>;
  readonly replays: Replays;
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
}

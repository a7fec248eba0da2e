/** What the clients of HTTP mode are led to, and what they bring along. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Peer, Session } from '../../core/exchange.ts';
import type { Replays } from '../../core/ports/replay.ts';
import type { Sessions } from '../../core/ports/sessions.ts';
import type { Log } from '../../core/ports.ts';
import type { Budget } from './body-budget.ts';
import type { Pulse } from './response/heartbeat.ts';
import type { SseSession } from './sessions/sse-session.ts';
import type { StreamableSession } from './sessions/streamable-session.ts';

/** The headers of a client that go upstream, under the names that they have there. */
export type Forwarded = Readonly<Record<string, string>>;

/** The ways to the server. */
export interface Servers {
  /** One for a client of the revisions with a handshake; `forwarded` tells what goes along at the time. */
  open(client: Peer, forwarded: () => Forwarded): Session;
  /** The one for requests that each stand for themselves. */
  stateless(forwarded: Forwarded): Session;
}

/** A session of a client of the revisions with a handshake. */
export type HttpSession = StreamableSession | SseSession;

export interface ClientOptions {
  readonly servers: Servers;
  readonly sessions: Sessions<HttpSession>;
  readonly replays: Replays;
  readonly log: Log;
  readonly pulse: Pulse;
  /** The budget for bytes of messages that wait for answers. */
  readonly bytes: Budget;
}

/** One POST whose message has been read. */
export interface Posted extends Request {
  /** Bytes of its body. */
  readonly size: number;
}

/** One request that was let in. */
export interface Request {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly forwarded: Forwarded;
}

/** What the clients of HTTP mode are led to, and what they bring along. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Peer, Session } from '../../core/exchange.ts';
import type { Budget } from './body-budget.ts';
import type { Pulse } from './response/heartbeat.ts';
import type { Sessions } from './sessions/sessions.ts';

/** The headers of a client that go upstream, under the names that they have there. */
export type Forwarded = Readonly<Record<string, string>>;

/** The ways to the server. */
export interface Servers {
  /** One for a client of the revisions with a handshake; `forwarded` tells what goes along at the time. */
  open(client: Peer, forwarded: () => Forwarded): Session;
  /** The one for requests that each stand for themselves. */
  stateless(forwarded: Forwarded): Session;
}

export interface ClientOptions {
  readonly servers: Servers;
  readonly sessions: Sessions;
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

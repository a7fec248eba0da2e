/** A local server of the configuration. What runs it is loaded when there is one. */
import type { StdioServer } from '../config.ts';
import type { Peer, Session } from '../core/exchange.ts';
import type { Log } from '../core/ports.ts';
import type { LocalServer, SharingOptions } from '../upstream/stdio/server.ts';
import type { Environment } from './environment.ts';

export interface Local {
  connect(client: Peer): Session;
  /** Why the program cannot be started at present; undefined as far as it can. Never rejects. */
  look(): Promise<string | undefined>;
  /** Ends every process within about `limit` milliseconds. Never rejects. */
  close(limit: number): Promise<void>;
}

/**
 * @param stderr for what the server writes to stderr
 * @param sharing undefined: there is one client
 */
export function openLocal(
  server: StdioServer,
  { env, folder, log }: Environment,
  stderr: Log,
  sharing: SharingOptions | undefined,
): Local {
  let opened: LocalServer | undefined;
  const opening = import('../upstream/stdio/server.ts').then(({ LocalServer }) => {
    opened = new LocalServer({ server, env, folder, log, stderr, sharing });
    return opened;
  });
  return {
    connect: (client) => opened?.connect(client) ?? later(opening.then((local) => local.connect(client))),
    look: () => opening.then((local) => local.look()),
    close: (limit) => opening.then((local) => local.close(limit)),
  };
}

/** A session that is about to be opened. */
function later(opening: Promise<Session>): Session {
  let session: Session | undefined;
  const opened = opening.then((own) => {
    session = own;
    return own;
  });
  return {
    request: (exchange) => session?.request(exchange) ?? opened.then((own) => own.request(exchange)),
    notify: (call) => (session ? session.notify(call) : opened.then((own) => own.notify(call))),
    close: (limit) => opened.then((own) => own.close(limit)),
    get established() {
      return session?.established ?? false;
    },
    get era() {
      return session?.era;
    },
  };
}

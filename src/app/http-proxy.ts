/**
 * The composition root of HTTP mode: a configuration in, a proxy that listens out. It owns the
 * lifetimes of all parts and the order in which they end.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { Config, ListenConfig } from '../config.ts';
import type { Middleware, Peer, Session } from '../core/exchange.ts';
import { errorReply, METHOD_NOT_FOUND } from '../core/jsonrpc.ts';
import type { Log } from '../core/ports.ts';
import { showUrl } from '../core/redact.ts';
import { withoutRepetition } from '../core/repeated.ts';
import { Budget, BYTES } from '../downstream/http/body-budget.ts';
import { Operation } from '../downstream/http/operator/endpoints.ts';
import { createMetrics } from '../downstream/http/operator/metrics.ts';
import { knownPath } from '../downstream/http/paths.ts';
import { Pulse } from '../downstream/http/response/heartbeat.ts';
import { HttpDownstream } from '../downstream/http/router.ts';
import { listen } from '../downstream/http/server.ts';
import type { Servers } from '../downstream/http/servers.ts';
import { Sessions } from '../downstream/http/sessions/sessions.ts';
import { ProxyError } from '../errors.ts';
import { CookieJar } from '../http/cookies.ts';
import { personalFetch } from '../http/forwarded-headers.ts';
import { measure } from '../layers/measure.ts';
import { SharedSession } from '../layers/sharing/shared-session.ts';
import { Identities } from './clients.ts';
import { EndClock } from './end-clock.ts';
import type { Ending } from './end-reason.ts';
import type { Surroundings } from './environment.ts';
import { Ready } from './readiness.ts';
import { type BetweenOptions, between, type Own, openServer, openShared, type Shared } from './server.ts';

export interface RunningHttpProxy {
  /** `http://HOST:PORT`, with the real port. */
  readonly url: string;
  /** The interfaces that it listens on, when it is more than one address; in words. */
  readonly interfaces: string | undefined;
  /** Resolves when the proxy can be of no use the way it was started. */
  readonly hopeless: Promise<ProxyError>;
  /** Answers the calls that are open, ends all sessions, and closes every connection. Idempotent. */
  close(ending: Ending): Promise<void>;
}

/** Connections beyond those that sessions may need: calls, streams, and what is only passing. */
const CONNECTIONS = 2_000;

/** Serves the clients that come in to the server of the configuration. Rejects with a ProxyError when nothing can be served. */
export async function startHttpProxy(
  config: Config & { readonly listen: ListenConfig },
  given: Surroundings,
): Promise<RunningHttpProxy> {
  const surroundings = { ...given, log: withoutRepetition(given.log) };
  const { log } = surroundings;
  const { listen: own } = config;
  const pulse = new Pulse();
  const sessions = new Sessions({ max: own.maxSessions, idle: own.sessionIdle });
  const metrics = createMetrics({ sessions: () => sessions.size, streams: () => pulse.streams });
  const clientsSignIn = own.forwardHeaders.some(({ to }) => to === 'authorization');
  const shared = openShared(config, surroundings, {
    // When client credentials are forwarded, the proxy must never substitute its own.
    signsIn: !clientsSignIn,
    // What one client was answered must not be told to another one in the place of the server.
    remembers: own.forwardHeaders.length === 0,
    renewed: () => metrics.renewed(),
  });
  const ready = new Ready(shared, { clientsSignIn });
  const servers = new AllServers(config, shared, measure(metrics));
  const downstream = new HttpDownstream({
    rules: {
      allowedHosts: new Set(own.allowedHosts),
      allowedOrigins: new Set(own.allowedOrigins),
      isToken: tokenCheck(own.clientToken),
    },
    servers,
    sessions,
    pulse,
    bytes: new Budget(BYTES),
    operation: new Operation({ server: showUrl(config.url), ready: () => ready.look(), metrics: () => metrics.text() }),
    maxBody: own.maxBody,
    log,
    forwardHeaders: own.forwardHeaders,
  });
  const listener = await listen({
    host: own.host,
    port: own.port,
    tls: own.tls && (await readTls(own.tls)),
    maxConnections: 2 * own.maxSessions + CONNECTIONS,
    handle(req, res) {
      if (config.logLevel === 'debug') logAccess(res, log);
      downstream.handle(req, res);
    },
    notAccepted: (why) => log.warn(`a connection could not be accepted: ${why} (is ulimit -n large enough?)`),
    closed: (res) => metrics.response(knownPath(res.req.url), statusOf(res)),
  });
  shared.hopeless.then((error) => log.error(error.data.hint ? `${error.message} (${error.data.hint})` : error.message));
  // Operators learn at the start, and not from the first client, that the server is down or a sign-in is needed.
  const looking = ready.lookUntilReached();

  const clock = new EndClock();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    looking.stop();
    ready.close();
    // Who is asked something by a call that is under way may need a connection to answer.
    await clock.wait('drain', downstream.drain());
    listener.refuse();
    const error = new ProxyError('failed', 'the proxy has ended before the server answered', { outcome: 'unknown' });
    downstream.end(error);
    const limit = clock.left('close');
    const told = Promise.all([sessions.close(limit, error), servers.close(limit), shared.endSignIn()]);
    await clock.wait(
      'close',
      told.then(() => {}),
    );
    await clock.wait('drain', listener.finished());
    await clock.wait('close', listener.finished());
    pulse.stop();
    await listener.close();
    shared.close();
  };
  return {
    url: listener.url,
    interfaces: listener.interfaces,
    hopeless: shared.hopeless,
    close(ending) {
      // Clients did not ask for the end, so they get as much time as if they had.
      clock.hurry(ending === 'signal' ? 'client-gone' : ending);
      closing ??= close();
      return closing;
    },
  };
}

/** The client has gone before there was anything to tell it; the status that nginx made up for that. */
const GONE = 499;

function statusOf(res: ServerResponse): number {
  return res.headersSent ? res.statusCode : GONE;
}

/** Neither the query, where sessions have their ids, nor any header: nothing that lets anybody in. */
function logAccess(res: ServerResponse, log: Log): void {
  const started = Date.now();
  const { method, url } = res.req;
  res.once('close', () => log.debug(`${method} ${knownPath(url)}: ${statusOf(res)} after ${Date.now() - started} ms`));
}

/** The ways to the server, for every kind of client. */
class AllServers implements Servers {
  readonly #shared: Shared;
  readonly #outer: readonly Middleware[];
  readonly #forwards: boolean;
  readonly #all: SharedSession | undefined;
  /** One for clients that send the same headers upstream; most often there is one. */
  readonly #stateless: Identities<Session>;

  constructor(config: Config & { readonly listen: ListenConfig }, shared: Shared, meter: Middleware) {
    const { log, version } = shared.surroundings;
    const { upstreamSession, sessionIdle: idle, forwardHeaders } = config.listen;
    this.#forwards = forwardHeaders.length > 0;
    this.#shared = shared;
    this.#outer = [meter];
    if (upstreamSession === 'shared') {
      this.#all = new SharedSession({ open: (client) => openServer(shared, client), version, idle, log });
    }
    this.#stateless = new Identities({
      make: (forwarded) =>
        this.#between(
          NOBODY,
          openServer(
            shared,
            NOBODY,
            this.#own(() => forwarded),
          ),
          // Behind it would be one session for all of them.
          { bridges: false },
        ),
      drop: (server) => server.close(0),
    });
  }

  open(client: Peer, forwarded: () => Readonly<Record<string, string>>): Session {
    const shared = this.#shared;
    const server = this.#all?.join(client) ?? openServer(shared, client, this.#own(forwarded));
    return this.#between(client, server);
  }

  #between(client: Peer, server: Session, options: BetweenOptions = {}): Session {
    return between(this.#shared, client, server, { outer: this.#outer, ...options });
  }

  stateless(forwarded: Readonly<Record<string, string>>): Session {
    return this.#stateless.of(forwarded);
  }

  #own(forwarded: () => Readonly<Record<string, string>>): Own {
    const { fetch } = this.#shared;
    return { fetch: this.#forwards ? personalFetch(fetch, forwarded) : fetch, cookies: new CookieJar() };
  }

  async close(limit: number): Promise<void> {
    await Promise.all([this.#all?.close(limit), ...this.#stateless.all().map((server) => server.close(limit))]);
  }
}

/** The client of requests that each stand for themselves: it cannot be told or asked anything beside them. */
const NOBODY: Peer = {
  notify: () => undefined,
  ask: () => Promise.resolve(errorReply(METHOD_NOT_FOUND, 'Method not found')),
  room: () => undefined,
};

/** Compares digests, which takes the same time wherever two tokens differ. */
function tokenCheck(token: string | undefined): ((given: string) => boolean) | undefined {
  if (token === undefined) return undefined;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}

async function readTls({ cert, key }: { readonly cert: string; readonly key: string }) {
  try {
    const [certText, keyText] = await Promise.all([readFile(cert, 'utf8'), readFile(key, 'utf8')]);
    return { cert: certText, key: keyText };
  } catch (error) {
    throw new ProxyError('cannot-listen', 'a file of --tls-cert or --tls-key cannot be read', {}, error);
  }
}

/**
 * The composition root of HTTP mode: takes a configuration and returns a listening proxy. It owns the lifetimes of all
 * parts and the order in which they end.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { Config, ListenConfig } from '../config.ts';
import type { Peer, Session } from '../core/exchange.ts';
import { errorReply, METHOD_NOT_FOUND } from '../core/jsonrpc.ts';
import { type Connect, type Layer, type NamedLayer, stack } from '../core/layer.ts';
import type { Sessions } from '../core/ports/sessions.ts';
import type { Log } from '../core/ports.ts';
import { Budget, BYTES } from '../downstream/http/body-budget.ts';
import { Operation } from '../downstream/http/operator/endpoints.ts';
import { createMetrics } from '../downstream/http/operator/metrics.ts';
import { knownPath } from '../downstream/http/paths.ts';
import { Heartbeats } from '../downstream/http/response/heartbeat.ts';
import { HttpDownstream } from '../downstream/http/router.ts';
import { type Listener, listen } from '../downstream/http/server.ts';
import type { HttpSession, Servers } from '../downstream/http/servers.ts';
import { ProxyError } from '../errors.ts';
import { CookieJar } from '../http/cookies.ts';
import { personalFetch } from '../http/forwarded-headers.ts';
import { measure } from '../layers/measure.ts';
import { progressTokens } from '../layers/sharing/progress-tokens.ts';
import { sharing } from '../layers/sharing/shared-session.ts';
import { forgivingReplays } from '../state/forgiving-replays.ts';
import { memoryReplays } from '../state/memory-replay-buffer.ts';
import { memorySessions } from '../state/memory-sessions.ts';
import { ByForwardedHeaders } from './clients.ts';
import type { Environment } from './environment.ts';
import { withoutRepetition } from './log-repetition.ts';
import { onlyServer } from './only-server.ts';
import { Ready } from './readiness-check.ts';
import { layersOf, type Own, openShared, type Shared } from './server.ts';
import { Shutdown, type ShutdownReason, type Steps } from './shutdown.ts';

export interface RunningHttpProxy {
  /** `http://HOST:PORT`, with the real port. */
  readonly url: string;
  /** The interfaces that it listens on, in words, when it is more than one address. */
  readonly interfaces: string | undefined;
  /** Resolves when the proxy, as it was started, can never work. */
  readonly hopeless: Promise<ProxyError>;
  /** Answers the open calls, ends all sessions, and closes every connection. Idempotent. */
  close(reason: ShutdownReason): Promise<void>;
}

/** Connections beyond those that sessions may need: for calls, streams and short requests. */
const CONNECTIONS = 2_000;

/** Connects HTTP clients to the server of the configuration. Rejects with a ProxyError when nothing can be served. */
export async function startHttpProxy(
  config: Config & { readonly listen: ListenConfig },
  given: Environment,
): Promise<RunningHttpProxy> {
  const environment = quieter(given);
  const { log } = environment;
  const { listen: own } = config;
  const server = onlyServer(config);
  const pulse = new Heartbeats();
  const openSessions = given.openSessions ?? memorySessions;
  const sessions = openSessions<HttpSession>({ max: own.maxSessions, idle: own.sessionIdle });
  const metrics = createMetrics({ sessions: () => sessions.size, streams: () => pulse.streams });
  const meter = metrics.meterOf(server.name);
  const forwardHeaders = server.kind === 'http' ? server.forwardHeaders : [];
  const clientsSignIn = forwardHeaders.some(({ to }) => to === 'authorization');
  const shared =
    server.kind === 'stdio'
      ? (await import('./local-server.ts')).openLocal(server, config, environment)
      : openShared(server, config, environment, {
          // When client credentials are forwarded, the proxy must never substitute its own.
          signsIn: !clientsSignIn,
          // An answer that the server gave to one client must not be given to another.
          remembers: forwardHeaders.length === 0,
          refreshed: () => meter.refreshed(),
        });
  const ready = new Ready(shared, { clientsSignIn });
  const servers = new AllServers(own, shared, measure(meter), forwardHeaders.length > 0);
  const downstream = new HttpDownstream({
    rules: {
      allowedHosts: new Set(own.allowedHosts),
      allowedOrigins: new Set(own.allowedOrigins),
      isToken: tokenCheck(own.clientToken),
    },
    servers,
    sessions,
    replays: given.replays ? forgivingReplays(given.replays, memoryReplays(), log) : memoryReplays(),
    pulse,
    bytes: new Budget(BYTES),
    operation: new Operation({ server: shared.label, ready: () => ready.look(), metrics: () => metrics.text() }),
    maxBody: own.maxBody,
    log,
    forwardHeaders,
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
    closed: (res) => metrics.response(res.req.url, statusOf(res)),
  });
  shared.hopeless.then(({ message, data }) =>
    shared.environment.log.error(data.hint ? `${message} (${data.hint})` : message),
  );
  // Operators must learn at startup, not from the first client, that the server is down or needs a sign-in.
  const looking = ready.lookUntilReached();

  const shutdown = new Shutdown(stepsOf({ shared, ready, looking, downstream, listener, sessions, servers, pulse }));
  return {
    url: listener.url,
    interfaces: listener.interfaces,
    hopeless: shared.hopeless,
    // Clients did not ask for the end, so after a signal their calls get as much time as after a client leaves.
    close: (reason) => shutdown.begin(reason === 'signal' ? 'client-gone' : reason),
  };
}

/** The environment for many clients. */
function quieter(given: Environment): Environment {
  const { log, logOf } = given;
  return {
    ...given,
    log: withoutRepetition(log),
    ...(logOf && { logOf: (server: string) => withoutRepetition(logOf(server)) }),
  };
}

interface Parts {
  readonly shared: Shared;
  readonly ready: Ready;
  readonly looking: { stop(): void };
  readonly downstream: HttpDownstream;
  readonly listener: Listener;
  readonly sessions: Sessions<HttpSession>;
  readonly servers: AllServers;
  readonly pulse: Heartbeats;
}

function stepsOf({ shared, ready, looking, downstream, listener, sessions, servers, pulse }: Parts): Steps {
  const reason = new ProxyError('failed', 'the proxy has ended before the server answered', { outcome: 'unknown' });
  const stopLooking = (): void => {
    looking.stop();
    ready.close();
  };
  return [
    { name: 'stop looking for the server', limit: 'close', run: stopLooking },
    // A client may need a new connection to answer a question that the server asks during a call.
    { name: 'wait for answers', limit: 'drain', run: (left) => downstream.close(left) },
    { name: 'take no more connections', limit: 'close', run: (left) => void listener.close(left) },
    { name: 'answer what is left with an error', limit: 'close', run: () => downstream.destroy(reason) },
    [
      { name: 'end the sessions of the clients', limit: 'close', run: (left) => sessions.close(left) },
      { name: 'end the sessions with the server', limit: 'close', run: (left) => servers.close(left) },
      { name: 'store the results of the sign-in', limit: 'close', run: () => shared.endSignIn() },
    ],
    { name: 'let clients read what was answered', limit: 'drain', run: (left) => listener.close(left) },
    { name: 'let clients read the errors', limit: 'close', run: (left) => listener.close(left) },
    { name: 'end the heartbeats', limit: 'cut', run: () => pulse.stop() },
    {
      name: 'close the connections of the clients',
      limit: 'cut',
      run: (left) => {
        listener.destroy();
        return listener.close(left);
      },
    },
    { name: 'close the connections to the server', limit: 'cut', run: () => shared.close() },
  ];
}

/** The client left before there was an answer. nginx introduced this status for that. */
const GONE = 499;

function statusOf(res: ServerResponse): number {
  return res.headersSent ? res.statusCode : GONE;
}

/** Logs neither the query, which may contain a session id, nor any header: nothing that grants access. */
function logAccess(res: ServerResponse, log: Log): void {
  const started = Date.now();
  const { method, url } = res.req;
  res.once('close', () => log.debug(`${method} ${knownPath(url)}: ${statusOf(res)} after ${Date.now() - started} ms`));
}

/** Opens sessions with the server for every kind of client. */
class AllServers implements Servers {
  readonly #shared: Shared;
  readonly #layers: readonly NamedLayer[];
  readonly #forwards: boolean;
  /** The one session for all clients that open sessions, where they share one. */
  readonly #shares: { readonly connect: Connect; close(limit: number): Promise<void> } | undefined;
  /** One session for each set of headers that clients send upstream. Most often there is one. */
  readonly #stateless: ByForwardedHeaders<Session>;

  constructor(
    { upstreamSession, sessionIdle: idle }: ListenConfig,
    shared: Shared,
    measured: Layer,
    forwards: boolean,
  ) {
    const { log, version } = shared.environment;
    this.#forwards = forwards;
    this.#shared = shared;
    const all = upstreamSession === 'shared' ? sharing({ version, idle, log }) : undefined;
    this.#layers = layersOf(shared, {
      measure: measured,
      ...(all && { sharing: { sharing: all.layer, 'progress-tokens': progressTokens() } }),
    });
    if (all) {
      const connect = stack(this.#layers, shared.connect);
      this.#shares = { connect, close: all.close };
    }
    const layers = layersOf(shared, { measure: measured, upgrades: false });
    this.#stateless = new ByForwardedHeaders({
      make: (forwarded) => this.#connect(layers, () => forwarded)(NOBODY),
      drop: (server) => server.close(0),
    });
  }

  open(client: Peer, forwarded: () => Readonly<Record<string, string>>): Session {
    const connect = this.#shares?.connect ?? this.#connect(this.#layers, forwarded);
    return connect(client);
  }

  stateless(forwarded: Readonly<Record<string, string>>): Session {
    return this.#stateless.of(forwarded);
  }

  #connect(layers: readonly NamedLayer[], forwarded: () => Readonly<Record<string, string>>): Connect {
    return stack(layers, (client) => this.#shared.connect(client, this.#own(forwarded)));
  }

  #own(forwarded: () => Readonly<Record<string, string>>): Own {
    const { fetch } = this.#shared;
    return { fetch: this.#forwards ? personalFetch(fetch, forwarded) : fetch, cookies: new CookieJar() };
  }

  async close(limit: number): Promise<void> {
    const { local } = this.#shared;
    const stateless = this.#stateless.all().map((server) => server.close(limit));
    await Promise.all([this.#shares?.close(limit), local?.close(limit), ...stateless]);
  }
}

/** The client of stateless requests. The server cannot notify it or ask it anything outside a request. */
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

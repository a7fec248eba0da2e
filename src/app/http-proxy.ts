/**
 * The composition root of HTTP mode: takes a configuration and returns a listening proxy. It owns the lifetimes of all
 * parts and the order in which they end.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { Config, ListenConfig } from '../config.ts';
import type { Replays } from '../core/ports/replay.ts';
import type { Sessions } from '../core/ports/sessions.ts';
import type { Log } from '../core/ports.ts';
import { Budget, BYTES } from '../downstream/http/body-budget.ts';
import type { HttpSession } from '../downstream/http/contracts.ts';
import { Activities } from '../downstream/http/operator/activity.ts';
import { Operation } from '../downstream/http/operator/endpoints.ts';
import { createMetrics } from '../downstream/http/operator/metrics.ts';
import type { Readiness } from '../downstream/http/operator/readiness-facts.ts';
import { knownPath } from '../downstream/http/paths.ts';
import { Heartbeats } from '../downstream/http/response/heartbeat.ts';
import { HttpDownstream, type HttpDownstreamOptions } from '../downstream/http/router.ts';
import { type Listener, listen } from '../downstream/http/server.ts';
import { EndedByProxy, ProxyError } from '../errors.ts';
import { forgivingReplays } from '../state/forgiving-replays.ts';
import { memoryReplays } from '../state/memory/replay-buffer.ts';
import { memorySessions } from '../state/memory/sessions.ts';
import type { Environment } from './environment.ts';
import { type HttpConfig, type HttpPart, openHttpPart } from './http-server.ts';
import { withoutRepetition } from './log-repetition.ts';
import { onlyServer } from './only-server.ts';
import type { ReplicaMember } from './replicas.ts';
import type { HttpServersOptions } from './several/http-servers.ts';
import type { WatchServers } from './several/stdio-servers.ts';
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

/** The servers that HTTP mode is in front of: one, or those of a configuration file. */
interface Upstreams {
  /** In logs and pages. */
  readonly label: string;
  readonly site: HttpDownstreamOptions['site'];
  readonly via: string | undefined;
  readonly hopeless: Promise<ProxyError>;
  /** The servers at the moment. */
  parts(): readonly HttpPart[];
  /** The names of the tools of a server, where they are known without asking it. */
  toolsOf(server: string): readonly string[] | undefined;
  look(): Promise<Readiness>;
  /** Looks for the server at the start; for one that nothing is known of, an operator must learn it early. */
  begin(): { stop(): void };
  /** Ends the sessions with the servers. */
  closeSessions(limit: number): Promise<void>;
  endSignIn(): Promise<void>;
  close(): void;
}

/**
 * Connects HTTP clients to the servers of the configuration. Rejects with a ProxyError when nothing can be served.
 * @param several given when the servers come from a configuration file: each gets a path of its own.
 */
export async function startHttpProxy(
  config: Config & { readonly listen: ListenConfig },
  given: Environment,
  several?: { readonly watch?: WatchServers | undefined },
): Promise<RunningHttpProxy> {
  const environment = quieter(given);
  const { log } = environment;
  const { listen: own } = config;
  const pulse = new Heartbeats();
  const { shared, openSessions = memorySessions } = given;
  const sessions: Sessions<HttpSession> = openSessions<HttpSession>({
    max: own.maxSessions,
    idle: own.sessionIdle,
    newId: shared && (() => shared.replicas.newHandle()),
    ended: (id) => member?.records.forget(id),
  });
  const idle = own.sessionIdle;
  const member = shared && new (await import('./replicas.ts')).ReplicaMember(shared, { log, idle, sessions });
  const metrics = createMetrics({ sessions: () => sessions.size, streams: () => pulse.streams });
  const activities = new Activities();
  const options = { config, environment, metrics, activities };
  const upstreams = several ? await severalUpstreams(options, several.watch) : await oneUpstream(options);
  const downstream = new HttpDownstream({
    rules: {
      allowedHosts: new Set(own.allowedHosts),
      allowedOrigins: new Set(own.allowedOrigins),
      isToken: tokenCheck(own.clientToken),
    },
    site: upstreams.site,
    via: upstreams.via,
    elsewhere: member?.elsewhere,
    records: member?.records,
    sessions,
    replays: replaysOf(environment, member),
    pulse,
    bytes: new Budget(BYTES),
    operation: new Operation({
      server: upstreams.label,
      ready: async () => ({ ...(await upstreams.look()), ...(shared && { store: shared }) }),
      ending: () => shutdown.begun,
      metrics: async () => metrics.text(),
      status: async () => {
        const { openStatusPage } = await import('./status/status.ts');
        const { parts, toolsOf: remembered } = upstreams;
        return openStatusPage({ environment, activities, metrics, sessions, parts, remembered, several: !!several });
      },
    }),
    maxBody: own.maxBody,
    log,
  });
  await member?.enter(downstream);
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
  const looking = upstreams.begin();

  const shutdown = new Shutdown(stepsOf({ upstreams, looking, downstream, listener, sessions, pulse, member }));
  return {
    url: listener.url,
    interfaces: listener.interfaces,
    hopeless: upstreams.hopeless,
    // Clients did not ask for the end, so after a signal their calls get as much time as after a client leaves.
    close: (reason) => shutdown.begin(reason === 'signal' ? 'client-gone' : reason),
  };
}

interface UpstreamOptions extends HttpServersOptions {
  readonly config: HttpConfig & Config;
}

async function oneUpstream({ config, environment, metrics, activities }: UpstreamOptions): Promise<Upstreams> {
  const part = await openHttpPart(onlyServer(config), config, environment, { metrics, activities });
  const { shared, ready, sessions, site } = part;
  return {
    label: shared.label,
    site: (server) => (server === undefined ? site : undefined),
    via: undefined,
    hopeless: shared.hopeless,
    parts: () => [part],
    toolsOf: () => undefined,
    look: () => ready.look(),
    begin() {
      shared.hopeless.then(({ message, data }) =>
        shared.environment.log.error(data.hint ? `${message} (${data.hint})` : message),
      );
      // Operators must learn at startup, not from the first client, that the server is down or needs a sign-in.
      const looking = ready.lookUntilReached();
      return {
        stop() {
          looking.stop();
          ready.close();
        },
      };
    },
    closeSessions: (limit) => sessions.close(limit),
    endSignIn: () => shared.endSignIn(),
    close: () => shared.close(),
  };
}

async function severalUpstreams(options: UpstreamOptions, watch: WatchServers | undefined): Promise<Upstreams> {
  const { config } = options;
  const { HttpServers } = await import('./several/http-servers.ts');
  const all = await HttpServers.open(config.servers, options, watch);
  return {
    label: config.servers.map(({ name }) => name).join(', '),
    site: (server) => all.site(server),
    via: all.via,
    // One server that can never work is no reason to end the others.
    hopeless: new Promise(() => {}),
    parts: () => all.parts,
    toolsOf: (server) => all.toolsOf(server),
    look: () => all.look(),
    // Each of them is looked for when a client needs it.
    begin: () => ({ stop: () => all.stopLooking() }),
    closeSessions: (limit) => all.closeSessions(limit),
    endSignIn: () => all.endSignIn(),
    close: () => all.close(),
  };
}

/** A program that brings its own buffers has one place for all its processes. */
function replaysOf({ replays, log }: Environment, member: ReplicaMember | undefined): Replays {
  const own = memoryReplays();
  if (replays) return forgivingReplays(replays, own, log);
  return member?.mirrored(own) ?? own;
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

interface ProxyParts {
  readonly upstreams: Upstreams;
  readonly looking: { stop(): void };
  readonly downstream: HttpDownstream;
  readonly listener: Listener;
  readonly sessions: Sessions<HttpSession>;
  readonly pulse: Heartbeats;
  readonly member: ReplicaMember | undefined;
}

function stepsOf({ upstreams, looking, downstream, listener, sessions, pulse, member }: ProxyParts): Steps {
  const isReplica = (): boolean => member !== undefined;
  const reason = new EndedByProxy('failed', 'the proxy has ended before the server answered', { outcome: 'unknown' });
  return [
    { name: 'stop looking for the server', limit: 'close', run: () => looking.stop() },
    { name: 'tell the other replicas', limit: 'close', needed: isReplica, run: () => member?.drain() },
    // A client may need a new connection to answer a question that the server asks during a call.
    { name: 'wait for answers', limit: 'drain', run: (left) => downstream.close(left) },
    // Until they know, they pass on requests that belong here, and the load balancer sends new ones.
    { name: 'leave the other replicas', limit: 'drain', needed: isReplica, run: (left) => member?.leave(left) },
    { name: 'take no more connections', limit: 'close', run: (left) => void listener.close(left) },
    { name: 'answer what is left with an error', limit: 'close', run: () => downstream.destroy(reason) },
    [
      { name: 'end the sessions of the clients', limit: 'close', run: (left) => sessions.close(left) },
      { name: 'end the sessions with the server', limit: 'close', run: (left) => upstreams.closeSessions(left) },
      { name: 'store the results of the sign-in', limit: 'close', run: () => upstreams.endSignIn() },
      {
        name: 'take no more requests of replicas',
        limit: 'close',
        needed: isReplica,
        run: (left) => member?.close(left),
      },
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
    { name: 'close the connections to the other replicas', limit: 'cut', run: () => member?.destroy() },
    { name: 'close the connections to the server', limit: 'cut', run: () => upstreams.close() },
  ];
}

/** The client left before there was an answer. nginx introduced this status for that. */
const GONE = 499;

function statusOf(res: ServerResponse): number {
  return res.headersSent ? res.statusCode : GONE;
}

/** Logs neither the query, which may contain a session id, nor any header: nothing that grants access. */
function logAccess(res: ServerResponse, log: Log): void {
  const started = performance.now();
  const { method, url } = res.req;
  res.once('close', () =>
    log.debug(`${method} ${knownPath(url)}: ${statusOf(res)} after ${Math.round(performance.now() - started)} ms`),
  );
}

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

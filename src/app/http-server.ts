/** One server of HTTP mode, with its sessions for every kind of client. */
import type { ListenConfig, ProcessConfig, Server } from '../config.ts';
import type { Closable, Era, Peer, Session } from '../core/exchange.ts';
import { errorReply, METHOD_NOT_FOUND } from '../core/jsonrpc.ts';
import { type Connect, type Layer, type NamedLayer, stack } from '../core/layer.ts';
import { headerSecrets, type Redact, redactor } from '../core/redact.ts';
import type { Forwarded, ServerKeeps, Servers, Site } from '../downstream/http/contracts.ts';
import type { Activities, ServerActivity } from '../downstream/http/operator/activity.ts';
import type { Metrics } from '../downstream/http/operator/metrics.ts';
import { CookieJar } from '../http/cookies.ts';
import { personalFetch } from '../http/forwarded-headers.ts';
import { measure } from '../layers/measure.ts';
import { offeredTools } from '../layers/offered-tools.ts';
import { hideInErrors } from '../layers/redact-errors.ts';
import { progressTokens } from '../layers/sharing/progress-layer.ts';
import { sharing } from '../layers/sharing/sharing.ts';
import { ByForwardedHeaders } from './clients.ts';
import type { Environment } from './environment.ts';
import { Ready } from './readiness-check.ts';
import { layersOf, type Own, openShared, type Shared } from './server.ts';

/** How long a session may take to end whose headers no client has sent for long, in milliseconds. */
const DROP_LIMIT = 5_000;

/** A server of HTTP mode that is running. */
export interface HttpPart {
  readonly shared: Shared;
  readonly ready: Ready;
  readonly sessions: ServerSessions;
  /** Sessions of their own with the same server, under another configuration of its policy. */
  readonly sessionsAs: (server: Server) => ServerSessions;
  /** Where clients find it. */
  readonly site: Site;
  readonly activity: ServerActivity;
  /** Whether clients send their own credentials for the server. */
  readonly clientsSignIn: boolean;
}

export interface HttpPartOptions {
  readonly metrics: Metrics;
  readonly activities: Activities;
  /** Names this proxy in requests to the server, where it must recognize its own. */
  readonly via?: string;
}

export type HttpConfig = ProcessConfig & { readonly listen: ListenConfig };

/** Opens a server for HTTP clients. */
export async function openHttpPart(
  server: Server,
  config: HttpConfig,
  environment: Environment,
  { metrics, activities, via }: HttpPartOptions,
): Promise<HttpPart> {
  const meter = metrics.meterOf(server.name);
  const activity = activities.of(server.name);
  const forwardHeaders = server.kind === 'http' ? server.forwardHeaders : [];
  const clientsSignIn = forwardHeaders.some(({ to }) => to === 'authorization');
  const shared =
    server.kind === 'stdio'
      ? (await import('./local-server.ts')).openLocal(server, config, environment)
      : openShared(
          via === undefined ? server : { ...server, headers: [...server.headers, ['Via', via]] },
          config,
          environment,
          {
            // When client credentials are forwarded, the proxy must never substitute its own.
            signsIn: !clientsSignIn,
            // An answer that the server gave to one client must not be given to another.
            remembers: forwardHeaders.length === 0,
            refreshed: () => meter.refreshed(),
          },
        );
  const watched = { measure: measure(meter, undefined, activity), offered: offeredTools(activity.listed) };
  const sessionsAs = (as: Server): ServerSessions =>
    new ServerSessions(config.listen, { ...shared, server: as }, watched, forwardHeaders.length > 0);
  const sessions = sessionsAs(shared.server);
  const ready = new Ready(shared, { clientsSignIn });
  const site = { servers: sessions, forwardHeaders };
  return { shared, ready, sessions, sessionsAs, site, activity, clientsSignIn };
}

/** Opens sessions with the server for every kind of client. */
export class ServerSessions implements Servers {
  readonly #shared: Shared;
  readonly #layers: readonly NamedLayer[];
  readonly #forwards: boolean;
  /** The one session for all clients of a server of an older revision, where they share one. */
  readonly #shares: { readonly connect: Connect; readonly session: Closable } | undefined;
  /** One session for each set of headers that clients send upstream. Most often there is one. */
  readonly #stateless: ByForwardedHeaders<Session>;
  /** The session that was opened last. A session that has ended must not stay in memory for its era. */
  #latest: WeakRef<Session> | undefined;

  constructor(
    { upstreamSession, sessionIdle: idle }: ListenConfig,
    shared: Shared,
    watched: Readonly<Record<'measure' | 'offered', Layer>>,
    forwards: boolean,
  ) {
    const { log, version } = shared.environment;
    this.#forwards = forwards;
    this.#shared = shared;
    const all =
      (shared.server.upstreamSession ?? upstreamSession) === 'shared' ? sharing({ version, idle, log }) : undefined;
    this.#layers = layersOf(shared, {
      ...watched,
      ...(all && { sharing: { sharing: all.layer, 'progress-tokens': progressTokens() } }),
    });
    if (all) {
      const connect = stack(this.#layers, shared.connect);
      this.#shares = { connect, session: all };
    }
    const layers = layersOf(shared, { ...watched, stateless: true, ...(all && { joinShared: all.joinIndependent }) });
    this.#stateless = new ByForwardedHeaders({
      make: (forwarded) => this.#connect(layers, () => forwarded)(NOBODY),
      drop: (server) => server.close(DROP_LIMIT),
    });
  }

  open(client: Peer, forwarded: () => Forwarded): Session {
    const connect = this.#shares?.connect ?? this.#connect(this.#layers, forwarded);
    const session = connect(client);
    this.#latest = new WeakRef(session);
    return session;
  }

  /** The eras that the server has shown in the sessions that are known. */
  get eras(): ReadonlySet<Era> {
    const sessions = [this.#latest?.deref(), ...this.#stateless.all()];
    return new Set(sessions.flatMap((session) => session?.era ?? []));
  }

  stateless(forwarded: Forwarded): Session {
    return this.#stateless.of(forwarded);
  }

  keeps(forwarded: Forwarded): ServerKeeps {
    if (this.#shared.local) return 'process';
    return this.stateless(forwarded).era === 'modern' ? 'nothing' : 'sessions';
  }

  #connect(layers: readonly NamedLayer[], forwarded: () => Forwarded): Connect {
    const { fetch, connect } = this.#shared;
    if (!this.#forwards)
      return stack(layers, (client) => connect(client, { fetch, cookies: new CookieJar(), hide: undefined }));
    const hide = hidden(forwarded);
    const layer = hideInErrors(hide);
    const own = (): Own => ({ fetch: personalFetch(fetch, forwarded), cookies: new CookieJar(), hide });
    // In two places: next to the server for the logs of all layers, and above them for what they quote of its answers.
    const at = 1 + layers.findIndex(({ name }) => name === 'redact-errors');
    const all = layers.toSpliced(at, 0, { name: 'redact-own', layer });
    return stack(
      all,
      layer((client) => connect(client, own())),
    );
  }

  async close(limit: number): Promise<void> {
    const { local } = this.#shared;
    const until = performance.now() + limit;
    // First the calls, then the processes that work on them.
    const forCalls = local ? limit / 2 : limit;
    await Promise.all([
      this.#shares?.session.close(forCalls),
      ...this.#stateless.all().map((server) => server.close(forCalls)),
    ]);
    await local?.close(Math.max(limit / 2, until - performance.now()));
  }
}

/** The client of stateless requests. The server cannot notify it or ask it anything outside a request. */
export const NOBODY: Peer = {
  notify: () => undefined,
  ask: () => Promise.resolve(errorReply(METHOD_NOT_FOUND, 'Method not found')),
  room: () => undefined,
};

/** Hides the values of the headers that a client sends upstream now. */
function hidden(forwarded: () => Forwarded): Redact {
  let known: Forwarded | undefined;
  let redact: Redact;
  return (text) => {
    const headers = forwarded();
    if (headers !== known) {
      known = headers;
      redact = redactor(Object.entries(headers).flatMap(([name, value]) => headerSecrets(name, value)));
    }
    return redact(text);
  };
}

/** All servers of HTTP mode: those of the configuration, each at a path of its own, and all of them together. */
import { randomUUID } from 'node:crypto';
import type { Server } from '../../config.ts';
import type { Session } from '../../core/exchange.ts';
import { changed } from '../../core/layer.ts';
import type { Forwarded, Site } from '../../downstream/http/contracts.ts';
import type { Activities } from '../../downstream/http/operator/activity.ts';
import type { Metrics } from '../../downstream/http/operator/metrics.ts';
import type { Readiness } from '../../downstream/http/operator/readiness-facts.ts';
import type { Join } from '../../layers/join/join.ts';
import { ByForwardedHeaders } from '../clients.ts';
import type { Environment } from '../environment.ts';
import { type HttpConfig, type HttpPart, NOBODY, openHttpPart, type ServerSessions } from '../http-server.ts';
import { JoinedSearch, withoutSearch } from './joined-search.ts';
import type { RememberedServer } from './joined-server.ts';
import { logHopeless, type WatchServers } from './stdio-servers.ts';

/** How long the sessions with a server may take to end when it is removed or no longer used, in milliseconds. */
const DROP_LIMIT = 5_000;

export interface HttpServersOptions {
  readonly config: HttpConfig;
  readonly environment: Environment;
  readonly metrics: Metrics;
  readonly activities: Activities;
}

/** A server with what tells whether its configuration has changed. */
interface RunningServer {
  readonly identity: string;
  readonly part: HttpPart;
  /** As it is configured. */
  readonly server: Server;
  /** The sessions that are joined, if they are others than those of its own path. */
  readonly sessions: ServerSessions | undefined;
  readonly joined: RememberedServer;
}

/** The servers of a configuration file. */
export class HttpServers {
  readonly #options: HttpServersOptions;
  readonly #via = `1.1 mcp-proxy-${randomUUID()}`;
  readonly #parts: typeof import('./joined-server.ts');
  readonly #join: Join;
  readonly #stateless: ByForwardedHeaders<Session>;
  #members: readonly RunningServer[] = [];
  #forwardHeaders: Site['forwardHeaders'] = [];
  /** All servers. Stays the same whatever they are, and so do the sessions of clients there. */
  readonly #all: Site;
  #closed = false;

  private constructor(options: HttpServersOptions, parts: typeof import('./joined-server.ts'), join: Join) {
    this.#options = options;
    this.#parts = parts;
    this.#join = join;
    const search = new JoinedSearch(() => this.#members.map(({ server }) => server));
    this.#stateless = new ByForwardedHeaders({
      make: (forwarded) => search.connect((client) => join.connect(client, () => forwarded, true))(NOBODY),
      drop: (session) => session.close(DROP_LIMIT),
    });
    const forwardHeaders = (): Site['forwardHeaders'] => this.#forwardHeaders;
    this.#all = {
      servers: {
        open: (client, forwarded) => {
          const only = this.#only;
          if (!only) return search.connect((peer) => join.connect(peer, forwarded))(client);
          return only.part.sessions.open(client, () => ownHeaders(forwarded(), only.joined.name));
        },
        stateless: (forwarded) => {
          const only = this.#only;
          if (!only) return this.#stateless.of(forwarded);
          return only.part.sessions.stateless(ownHeaders(forwarded, only.joined.name));
        },
        keeps: (forwarded) => {
          const all = this.#members.map(({ part, sessions, joined }) =>
            (sessions ?? part.sessions).keeps(ownHeaders(forwarded, joined.name)),
          );
          return (['process', 'sessions'] as const).find((kept) => all.includes(kept)) ?? 'nothing';
        },
      },
      get forwardHeaders() {
        return forwardHeaders();
      },
    };
  }

  /** The only server: nothing is to be joined. */
  get #only(): RunningServer | undefined {
    return this.#members.length === 1 ? this.#members[0] : undefined;
  }

  /** Opens the servers, and follows the changes of the configuration. */
  static async open(
    servers: readonly Server[],
    options: HttpServersOptions,
    watch: WatchServers | undefined,
  ): Promise<HttpServers> {
    const [parts, { Join }] = await Promise.all([import('./joined-server.ts'), import('../../layers/join/join.ts')]);
    const { log, version } = options.environment;
    const idle = options.config.listen.childIdle;
    const join = new Join([], { id: randomUUID().slice(0, 8), version, idle, log });
    const all = new HttpServers(options, parts, join);
    await all.#change(servers);
    let last = Promise.resolve();
    watch?.((changed) => {
      // One change after the other.
      last = last.then(() => all.#change(changed)).catch((error: Error) => log.error(error.message));
    });
    return all;
  }

  /** Names this proxy in the header `Via` of its requests. */
  get via(): string {
    return this.#via;
  }

  /** What clients connect to at a path: the server with this name, or all of them together. */
  site(name: string | undefined): Site | undefined {
    return name === undefined ? this.#all : this.#members.find(({ joined }) => joined.name === name)?.part.site;
  }

  /** The servers that are configured at the moment. */
  get parts(): readonly HttpPart[] {
    return this.#members.map(({ part }) => part);
  }

  /** The names of the tools of a server, as far as they are known. */
  toolsOf(server: string): readonly string[] | undefined {
    return this.#join.toolsOf(server);
  }

  /** Useful as long as one server is. */
  async look(): Promise<Readiness> {
    const all = await Promise.all(
      this.#members.map(async ({ part, joined }) => ({ name: joined.name, readiness: await part.ready.look() })),
    );
    const useful = all.some(({ readiness }) => readiness.reachable && !readiness.signInNeeded);
    const reachable = useful || all.some(({ readiness }) => readiness.reachable);
    const waiting = all.find(({ readiness }) => readiness.signInNeeded)?.readiness;
    const unreachable = all.flatMap(({ name, readiness }) =>
      readiness.reachable ? [] : [`${name}: ${readiness.unreachable ?? 'it does not answer'}`],
    );
    return {
      reachable,
      unreachable: unreachable.length === 0 ? undefined : unreachable.join('; '),
      signInNeeded: !useful && waiting !== undefined,
      signInUrl: waiting?.signInUrl,
      userCode: waiting?.userCode,
      reason: waiting?.reason,
    };
  }

  /** Stops telling about servers that cannot be reached. */
  stopLooking(): void {
    for (const { part } of this.#members) part.ready.close();
  }

  async endSignIn(): Promise<void> {
    await Promise.all(this.#members.flatMap(({ part, joined }) => [part.shared.endSignIn(), joined.flushed()]));
  }

  async closeSessions(limit: number): Promise<void> {
    this.#closed = true;
    await this.#join.close(limit);
    await Promise.all(
      this.#members.flatMap(({ part, sessions }) => [part.sessions.close(limit), sessions?.close(limit)]),
    );
  }

  close(): void {
    for (const { part } of this.#members) part.shared.close();
  }

  async #change(servers: readonly Server[]): Promise<void> {
    if (this.#closed) return;
    const known = new Map(this.#members.map((member) => [member.identity, member]));
    const next = await Promise.all(
      servers.map((server) => known.get(this.#parts.identityOf(server)) ?? this.#open(server)),
    );
    const gone = this.#members.filter((member) => !next.includes(member));
    this.#members = next;
    this.#forwardHeaders = next.flatMap(({ part, joined: { name } }) =>
      part.site.forwardHeaders.map(({ from, to }) => ({ from, to: `${name} ${to}` })),
    );
    await this.#join.update(next.map(({ joined }) => joined));
    for (const member of gone) {
      this.#end(member);
      if (!next.some(({ joined }) => joined.name === member.joined.name)) {
        this.#options.activities.drop(member.joined.name);
      }
    }
  }

  async #open(server: Server): Promise<RunningServer> {
    const { config, environment, metrics, activities } = this.#options;
    const part = await openHttpPart(server, config, environment, { metrics, activities, via: this.#via });
    logHopeless(part.shared);
    const { name } = server;
    const searched = withoutSearch(server);
    const own = searched === server ? undefined : part.sessionsAs(searched);
    const sessions = own ?? part.sessions;
    const joined = this.#parts.joinedServer({ ...part.shared, server: searched }, (client, forwarded, stateless) => {
      const headers = (): Forwarded => ownHeaders(forwarded(), name);
      if (!stateless) return sessions.open(client, headers);
      // Others use it, too.
      return changed(sessions.stateless(headers()), { close: () => Promise.resolve(), destroy: () => {} });
    });
    return { identity: this.#parts.identityOf(server), server, part, sessions: own, joined };
  }

  async #end({ part: { sessions, shared, ready }, sessions: joined }: RunningServer): Promise<void> {
    ready.close();
    await Promise.all([sessions.close(DROP_LIMIT), joined?.close(DROP_LIMIT), shared.endSignIn()]);
    shared.close();
  }
}

/** The headers for one of several servers; each header of the clients goes to the servers that it is meant for only. */
function ownHeaders(forwarded: Forwarded, name: string): Forwarded {
  const all = Object.entries(forwarded);
  if (all.length === 0) return forwarded;
  const prefix = `${name} `;
  return Object.fromEntries(
    all.flatMap(([to, value]) => (to.startsWith(prefix) ? [[to.slice(prefix.length), value]] : [])),
  );
}

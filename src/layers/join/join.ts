/**
 * Joins several servers into one. Clients share what is known of the servers; each client has sessions of its own with
 * those that it uses.
 */
import type { Peer, Session } from '../../core/exchange.ts';
import type { AnswerMemory, Log } from '../../core/ports.ts';
import { Catalog, type CatalogChanges } from './catalog.ts';
import { Directory, type Listed } from './directory.ts';
import { Arrivals } from './enough.ts';
import type { Opened, Visible } from './members.ts';
import { JoinedSession } from './session.ts';

/** How long the calls to a server that is no longer configured may take to finish, in milliseconds. */
const DROP_LIMIT = 5_000;

/** The headers of a client that go upstream. */
type ForwardedOf = () => Readonly<Record<string, string>>;

/** One of the servers. */
export interface JoinedServer {
  readonly name: string;
  /** Whether its name comes in front of all its names. */
  readonly prefix: boolean;
  /** Whether it is a program on this machine. */
  readonly local: boolean;
  /** Milliseconds after which a session that its client does not use is closed; undefined: as for every server. */
  readonly idle: number | undefined;
  /** Milliseconds for which it may be silent while a session is opened; undefined: as for every server. */
  readonly openTimeout: number | undefined;
  /** Whether its lists depend on the client. */
  readonly personal: boolean;
  /** Where its lists are kept for the next start. */
  readonly memory: AnswerMemory;
  /** Whether its answers are not its own at the moment, because it waits for its user to sign in. */
  readonly provisional: () => boolean;
  /** Opens a session for one client, or for all requests of 2026-07-28 over HTTP. */
  readonly open: (client: Peer, forwarded: ForwardedOf, stateless: boolean) => Session;
}

export interface JoinOptions {
  readonly id: string;
  readonly version: string;
  /** Milliseconds after which a session that its client does not use is closed. */
  readonly idle: number;
  readonly log: Log;
}

export class Join {
  readonly #options: JoinOptions;
  readonly #arrivals = new Arrivals();
  readonly #changes: CatalogChanges = { count: 0 };
  readonly #sessions = new Map<JoinedSession, OpenSession>();
  #shared: View;

  constructor(servers: readonly JoinedServer[], options: JoinOptions) {
    this.#options = options;
    this.#shared = this.#viewOf(servers);
  }

  /** Opens a session for one client. */
  connect(client: Peer, forwarded: ForwardedOf = NONE, stateless = false): JoinedSession {
    const { id, version, idle, log } = this.#options;
    // Lists of servers that see the client's own headers belong to the client.
    const isPersonal = this.#shared.servers.some(({ personal }) => personal);
    const view = isPersonal ? this.#personal(this.#shared) : this.#shared;
    const visibleIn = ({ servers, listed, directory }: View): Visible => {
      const opened = servers.map((server, at): Opened => {
        return {
          listed: listed[at] as Listed,
          local: server.local,
          idle: server.idle ?? idle,
          openTimeout: server.openTimeout,
          open: (peer) => server.open(peer, forwarded, stateless),
        };
      });
      return { servers: opened, directory };
    };
    const visible = visibleIn(view);
    const closed = (): boolean => this.#sessions.delete(session);
    const session = new JoinedSession({ client, visible, arrivals: this.#arrivals, id, version, log, closed });
    this.#sessions.set(session, { view, show: (next) => Object.assign(visible, visibleIn(next)) });
    return session;
  }

  /** The servers are these from now on. Sessions with the same ones go on. */
  async update(servers: readonly JoinedServer[]): Promise<void> {
    const old = this.#shared;
    this.#shared = this.#viewOf(servers, old);
    const gone = old.servers.filter((server) => !servers.includes(server));
    const dropped = [...this.#sessions].map(([session, open]) => {
      const { view } = open;
      const listed = view.servers.flatMap((server, at) => (gone.includes(server) ? [view.listed[at] as Listed] : []));
      open.view = view === old ? this.#shared : this.#personal(this.#shared, view);
      open.show(open.view);
      session.changed();
      return session.drop(listed, DROP_LIMIT);
    });
    await Promise.all(dropped);
  }

  /** The names of the tools that a server is known to have, under its own names; undefined while they are unknown. */
  toolsOf(server: string): readonly string[] | undefined {
    return this.#shared.listed.find(({ name }) => name === server)?.catalog.list('tools/list')?.keys;
  }

  async close(limit: number): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((session) => session.close(limit)));
  }

  /** @param old whose catalogs of the same servers to keep */
  #viewOf(servers: readonly JoinedServer[], old?: View): View {
    const listed = servers.map((server): Listed => {
      const at = old?.servers.indexOf(server) ?? -1;
      return at === -1 ? this.#listed(server) : (old?.listed[at] as Listed);
    });
    return { servers, listed, directory: new Directory(listed, this.#changes) };
  }

  /** The same servers, with catalogs of its own for those whose lists depend on the client. */
  #personal({ servers, listed: shared }: View, old?: View): View {
    const listed = servers.map((server, at): Listed => {
      if (!server.personal) return shared[at] as Listed;
      const known = old?.servers.indexOf(server) ?? -1;
      return known === -1 ? this.#listed(server) : (old?.listed[known] as Listed);
    });
    return { servers, listed, directory: new Directory(listed, this.#changes) };
  }

  #listed({ name, prefix, memory, provisional, local }: JoinedServer): Listed {
    const { log } = this.#options;
    const catalog = new Catalog({ changes: this.#changes, memory, provisional, log, now: Date.now });
    catalog.changed = () => {
      for (const session of this.#sessions.keys()) session.changed();
    };
    catalog.arrived = () => this.#arrivals.arrived(local);
    return { name, prefix, catalog };
  }
}

/** The servers as some clients see them. */
interface View {
  readonly servers: readonly JoinedServer[];
  /** For each server. */
  readonly listed: readonly Listed[];
  readonly directory: Directory;
}

/** What a session sees of the servers, and how it gets to see others. */
interface OpenSession {
  view: View;
  show(view: View): void;
}

const NONE: ForwardedOf = () => ({});

/** Gathers what the status page shows. Loaded when somebody asks for the page. */
import { asString, peek } from '../../core/json.ts';
import type { Sessions } from '../../core/ports/sessions.ts';
import { printable, type Redact } from '../../core/redact.ts';
import { atMost } from '../../core/timer.ts';
import type { HttpSession } from '../../downstream/http/contracts.ts';
import { type Activities, type EndedCall, nameIn, type WatchedCall } from '../../downstream/http/operator/activity.ts';
import { isCounted, type Metrics } from '../../downstream/http/operator/metrics.ts';
import type {
  AcceptedChange,
  CallFacts,
  CallRow,
  ErrorFacts,
  SessionRow,
  SessionsFacts,
  StatusFacts,
  StatusSource,
} from '../../downstream/http/operator/status/facts.ts';
import { StatusPage } from '../../downstream/http/operator/status/status-page.ts';
import type { Environment } from '../environment.ts';
import type { HttpPart } from '../http-server.ts';
import { ServerStatus } from './server-status.ts';

/** How long the page waits for the first look at the servers, in milliseconds. */
const PATIENCE = 1_500;
/** How long calls are kept after the last look, in milliseconds. */
const ATTENTION = 15 * 60_000;
/** Rows that the page shows of each kind. */
const MAX_OPEN = 50;
const MAX_SESSIONS = 50;
/** Characters of what a client says about itself. */
const LONGEST = 120;

export interface StatusOptions {
  readonly environment: Environment;
  readonly activities: Activities;
  readonly metrics: Metrics;
  readonly sessions: Sessions<HttpSession>;
  /** The servers at the moment. */
  readonly parts: () => readonly HttpPart[];
  /** Whether each server has a path of its own. */
  readonly several: boolean;
  /** The names of a server's tools that clients are known to see. */
  readonly remembered: (server: string) => readonly string[] | undefined;
}

export function openStatusPage(options: StatusOptions): StatusPage {
  return new StatusPage(new Status(options), options.environment.log);
}

/** Exported for its test. */
export class Status implements StatusSource {
  readonly #options: StatusOptions;
  readonly #servers = new WeakMap<HttpPart, ServerStatus>();
  /** Numbers for sessions, whose ids must stay secret. */
  readonly #keys = new WeakMap<HttpSession, number>();
  #lastKey = 0;
  readonly #watches = new Set<SignInWatch>();

  constructor(options: StatusOptions) {
    this.#options = options;
  }

  async facts(opened: boolean): Promise<StatusFacts> {
    const { activities, environment, parts } = this.#options;
    const monotonic = performance.now();
    const now = Date.now();
    activities.watch(monotonic, monotonic + ATTENTION);
    // A reload of the configuration may have changed them.
    for (const watch of this.#watches) watch.follow(parts());
    const servers = parts().map((part) => this.#statusOf(part));
    const looks = Promise.all(servers.map((server) => server.look(monotonic, opened))).then(() => {});
    await atMost(PATIENCE, looks);
    const toClock = (at: number): number => now - monotonic + at;
    return {
      version: environment.version,
      servers: await Promise.all(servers.map((server) => server.facts(monotonic))),
      calls: this.#calls(monotonic, toClock),
      errors: this.#errors(toClock),
      sessions: this.#sessions(),
      intervals: activities.series.read(monotonic),
      since: toClock(activities.watchedSince ?? monotonic),
      now,
    };
  }

  accept(change: AcceptedChange): Promise<boolean> {
    const part = this.#options.parts().find(({ shared }) => shared.server.name === change.server);
    return part ? this.#statusOf(part).accept(change) : Promise.resolve(false);
  }

  watch(changed: () => void): () => void {
    const watch = new SignInWatch(changed);
    this.#watches.add(watch);
    watch.follow(this.#options.parts());
    return () => {
      this.#watches.delete(watch);
      watch.follow([]);
    };
  }

  #statusOf(part: HttpPart): ServerStatus {
    const { metrics, several, remembered } = this.#options;
    const known = this.#servers.get(part);
    if (known) return known;
    const { name } = part.shared.server;
    const status = new ServerStatus({ part, metrics, several, remembered: () => remembered(name) });
    this.#servers.set(part, status);
    return status;
  }

  #calls(monotonic: number, toClock: (at: number) => number): CallFacts {
    const { activities, parts } = this.#options;
    const redacts = this.#redacts();
    const named = <R extends CallRow | EndedCall>(row: R): R => ({
      ...row,
      tool: row.tool && redacts(row.server)(row.tool),
    });
    const open = parts()
      .flatMap(({ activity }) => [...activity.open].map((call) => ({ call, server: activity.server })))
      .filter(({ call }) => isCounted(call.method))
      .sort((a, b) => a.call.began - b.call.began);
    return {
      open: open.slice(0, MAX_OPEN).map(({ call, server }) => named(openRow(call, server, monotonic, toClock))),
      waiting: open.length,
      ended: activities.ended.map((call) => named({ ...call, began: toClock(call.began) } satisfies EndedCall)),
    };
  }

  /** For each server its own: no other redactor knows the secrets of the sign-in to it. */
  #redacts(): (server: string) => Redact {
    const { environment, parts } = this.#options;
    const known = new Map(parts().map(({ shared }) => [shared.server.name, shared.environment.redact]));
    return (server) => known.get(server) ?? environment.redact;
  }

  #errors(toClock: (at: number) => number): ErrorFacts[] {
    const redacts = this.#redacts();
    return this.#options.activities.errors.map(({ number, server, method, message, hint, times, last }) => {
      const hide = redacts(server);
      const shownHint = hint === undefined ? undefined : hide(hint);
      return { number, server, method, message: hide(message), hint: shownHint, times, last: toClock(last) };
    });
  }

  #sessions(): SessionsFacts {
    const all = [...this.#options.sessions.all()];
    const rows = all.slice(-MAX_SESSIONS).reverse();
    return { count: all.length, rows: rows.map((session) => this.#sessionRow(session)) };
  }

  #sessionRow(session: HttpSession): SessionRow {
    const key = this.#keys.get(session) ?? ++this.#lastKey;
    this.#keys.set(session, key);
    const { introduction, began, base, kind, busy, inUse, lastUsed } = session;
    const text = (name: string): string | undefined => {
      const value = asString(peek(introduction, 'clientInfo', name));
      return value === undefined ? undefined : this.#options.environment.redact(printable(value, LONGEST));
    };
    return {
      key,
      client: text('name'),
      version: text('version'),
      transport: kind === 'sse' ? 'HTTP+SSE' : 'Streamable HTTP',
      revision: session.kind === 'sse' ? '2024-11-05' : session.revision,
      server: base === '' ? undefined : base.slice('/servers/'.length),
      began,
      state: busy ? 'waits for an answer' : inUse ? 'connected' : 'idle',
      lastUsed: inUse ? Date.now() : lastUsed,
    };
  }
}

/** Tells when a sign-in at one of the servers begins or ends. */
class SignInWatch {
  readonly #changed: () => void;
  readonly #stops = new Map<HttpPart, () => void>();

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** The servers are these from now on. */
  follow(parts: readonly HttpPart[]): void {
    for (const [part, stop] of this.#stops) {
      if (parts.includes(part)) continue;
      stop();
      this.#stops.delete(part);
    }
    for (const part of parts) {
      const state = part.shared.auth?.state;
      if (!state || this.#stops.has(part)) continue;
      const seen = (): string => JSON.stringify([state.pending, state.completed]);
      let last = seen();
      const stop = state.watch(() => {
        const next = seen();
        // Requests that wait for the sign-in change the state, too.
        if (next === last) return;
        last = next;
        this.#changed();
      });
      this.#stops.set(part, stop);
    }
  }
}

function openRow(call: WatchedCall, server: string, monotonic: number, toClock: (at: number) => number): CallRow {
  const { number, method, began, exchange } = call;
  return {
    number,
    server,
    method,
    tool: nameIn(exchange.call),
    began: toClock(began),
    seconds: (monotonic - began) / 1_000,
    outcome: undefined,
    code: undefined,
  };
}

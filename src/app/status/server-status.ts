/** What is known of one server, for the status page. */
import type { PinStore, Pins } from '../../core/ports/pins.ts';
import { NOT_YET } from '../../core/ports.ts';
import type { Metrics } from '../../downstream/http/operator/metrics.ts';
import type { Readiness } from '../../downstream/http/operator/readiness-facts.ts';
import type { AcceptedChange, ServerFacts, ServerState } from '../../downstream/http/operator/status/facts.ts';
import { accepted } from '../../layers/policy/pins/accepted.ts';
import type { HttpPart } from '../http-server.ts';
import { pinsOf } from '../policy/pins.ts';
import { digestOf, type ToolSources, toolFacts } from './tool-facts.ts';

/** How long a look at a server, and at its pins, is good for, in milliseconds: for an open page, and for a new one. */
const FRESH = 20_000;
const FRESH_WHEN_OPENED = 2_000;
const FRESH_PINS = 5_000;

export interface ServerStatusOptions {
  readonly part: HttpPart;
  readonly metrics: Metrics;
  /** Whether it has a path of its own. */
  readonly several: boolean;
  /** The names of its tools that clients are known to see. */
  readonly remembered: () => readonly string[] | undefined;
}

export class ServerStatus {
  readonly #options: ServerStatusOptions;
  readonly #pinStore: PinStore | undefined;
  #looked: { readonly at: number; readonly completed: number } | undefined;
  #looking: { readonly done: Promise<void>; readonly begins: boolean } | undefined;
  #readiness: Readiness | undefined;
  #pins: Pins | undefined;
  #pinsRead = Number.NEGATIVE_INFINITY;
  #tools: { readonly sources: ToolSources; readonly facts: ServerFacts['tools'] } | undefined;
  #revision = 'Not known yet';

  constructor(options: ServerStatusOptions) {
    this.#options = options;
    const { shared } = options.part;
    if (shared.server.policy?.pinTools) this.#pinStore = pinsOf(shared);
  }

  /**
   * Looks at the server again, unless it has just done so. Never rejects.
   * @param opened whether somebody opens the page. Otherwise a sign-in that its user has declined would open the browser
   * again and again.
   */
  look(now: number, opened: boolean): Promise<void> {
    const { shared, ready } = this.#options.part;
    const completed = shared.auth?.state.completed ?? 0;
    const limit = opened ? FRESH_WHEN_OPENED : FRESH;
    const isFresh = this.#looked && now - this.#looked.at < limit && this.#looked.completed === completed;
    const mustBegin = opened && this.#readiness?.signInNeeded && shared.auth?.state.pending === undefined;
    const looking = this.#looking;
    // One that only looks begins no sign-in for the reader who has come meanwhile.
    if (looking) return opened && !looking.begins ? looking.done.then(() => this.look(now, opened)) : looking.done;
    if (isFresh && !mustBegin) return Promise.resolve();
    this.#looked = { at: now, completed };
    const done = ready.look(opened).then((readiness) => {
      this.#readiness = readiness;
      this.#looking = undefined;
    });
    this.#looking = { done, begins: opened };
    return done;
  }

  async facts(now: number): Promise<ServerFacts> {
    const { part, metrics, several } = this.#options;
    const { server, environment, auth } = part.shared;
    return {
      name: server.name,
      address: environment.redact(server.kind === 'http' ? part.shared.label : server.command),
      state: stateOf(this.#readiness, auth?.state.pending),
      transport: this.#transport(),
      revision: this.#revisionNow(),
      signIn: this.#signIn(),
      path: several ? `/servers/${server.name}/mcp` : undefined,
      ...metrics.totalsOf(server.name),
      tools: await this.#toolsNow(now),
    };
  }

  /** Whether the change was still waiting. */
  async accept({ digest }: AcceptedChange): Promise<boolean> {
    let taken = false;
    const store = this.#pinStore;
    if (!store) return false;
    await store.update((pins) => {
      const changes = [...pins.changed].filter((change) => digestOf(change) === digest);
      taken = changes.length > 0;
      return taken ? accepted(pins, new Map(changes)) : pins;
    });
    this.#pinsRead = Number.NEGATIVE_INFINITY;
    return taken;
  }

  #transport(): string {
    const { server, environment } = this.#options.part.shared;
    if (server.kind === 'stdio') return 'Local program';
    const spoken = environment.memory.peek(server.url);
    if (spoken === 'sse' || server.strategy === 'sse-only') return 'HTTP+SSE';
    const isKnown = (spoken !== undefined && spoken !== NOT_YET) || server.strategy === 'http-only';
    return isKnown || this.#options.part.sessions.eras.size > 0 ? 'Streamable HTTP' : 'Not known yet';
  }

  #revisionNow(): string {
    const { shared, sessions } = this.#options.part;
    const eras = new Set(sessions.eras);
    if (shared.server.kind === 'http' && eras.size === 0) {
      const spoken = shared.environment.memory.peek(shared.server.url);
      if (spoken === 'modern') eras.add('modern');
      else if (spoken !== undefined && spoken !== NOT_YET) eras.add('legacy');
    }
    // A session that has ended no longer tells, but nothing has changed.
    if (eras.size === 2) this.#revision = '2026-07-28 and older';
    else if (eras.has('modern')) this.#revision = '2026-07-28';
    else if (eras.has('legacy')) this.#revision = '2025-11-25 or older';
    return this.#revision;
  }

  #signIn(): string {
    const { shared, clientsSignIn } = this.#options.part;
    if (clientsSignIn) return 'By the clients';
    if (shared.server.kind === 'stdio') return 'None';
    if (!shared.auth) return 'By a header';
    const { pending, signedIn } = shared.auth.state;
    if (pending) return 'Waits for you';
    if (this.#readiness?.signInNeeded) return 'Needed';
    if (signedIn) return 'Signed in';
    return this.#readiness?.reachable ? 'Not needed' : 'Not known yet';
  }

  async #toolsNow(now: number): Promise<ServerFacts['tools']> {
    const { part, remembered } = this.#options;
    if (this.#pinStore && now - this.#pinsRead >= FRESH_PINS) {
      this.#pinsRead = now;
      // The page shows what is known; a call tells what is wrong with the file.
      this.#pins = await this.#pinStore.read().catch(() => this.#pins);
    }
    const { offered } = part.activity;
    const sources = { offered, pins: this.#pins, remembered: offered ? undefined : remembered() };
    const known = this.#tools;
    const isSame =
      known?.sources.offered === sources.offered &&
      known?.sources.pins === sources.pins &&
      known?.sources.remembered === sources.remembered;
    if (known && isSame) return known.facts;
    const { server, environment } = part.shared;
    const facts = withoutSecrets(toolFacts(server, sources), environment.redact);
    this.#tools = { sources, facts };
    return facts;
  }
}

function stateOf(
  readiness: Readiness | undefined,
  pending: { url: string | undefined; userCode?: string } | undefined,
): ServerState {
  if (pending) {
    return { kind: 'sign-in', begun: true, url: pending.url, userCode: pending.userCode, reason: readiness?.reason };
  }
  if (!readiness) return { kind: 'checking' };
  if (!readiness.reachable) return { kind: 'unreachable', reason: readiness.unreachable };
  if (!readiness.signInNeeded) return { kind: 'ready' };
  return { kind: 'sign-in', begun: false, url: undefined, userCode: undefined, reason: readiness.reason };
}

function withoutSecrets(facts: ServerFacts['tools'], redact: (text: string) => string): ServerFacts['tools'] {
  const named = <T extends { readonly name: string; readonly note: string | undefined }>(tool: T): T => ({
    ...tool,
    name: redact(tool.name),
    note: tool.note && redact(tool.note),
  });
  return {
    ...facts,
    shown: facts.shown?.map(named),
    hidden: facts.hidden.map(named),
    changed: facts.changed.map((change) => ({
      ...change,
      name: redact(change.name),
      difference: change.difference.map(redact),
    })),
  };
}

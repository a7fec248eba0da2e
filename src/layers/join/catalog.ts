/**
 * What is known of one server: its introduction and its lists, whole and under its own names. Remembered across starts,
 * so that clients get the lists of a server that is not running, slow or gone.
 */
import type { Json } from '../../core/json.ts';
import type { AnswerMemory, Log } from '../../core/ports.ts';
import { printable } from '../../core/redact.ts';
import { LIST_CHANGES, METHODS } from '../../mcp/methods.ts';
import { pageOf } from '../../mcp/tool-list.ts';
import { SIGN_IN_TOOL } from '../first-contact/sign-in-tool.ts';
import { has, introductionOf, introductionText, type ServerIntroduction } from './introductions.ts';
import { isSame, type KnownList, LISTS, listText, readable, readWhole, type Source } from './lists/whole-list.ts';

/** Pauses before a server that could not be asked is tried again, in milliseconds. The last one repeats. */
const PAUSES = [2_000, 5_000, 15_000, 30_000];
/** For how long lists of a server that nobody uses are not asked for again, in milliseconds. */
const LONGEST_REST = 60 * 60_000;

/** Counts the changes of several catalogs, so that one number tells whether any of them has changed. */
export interface CatalogChanges {
  count: number;
}

export interface CatalogOptions {
  readonly changes: CatalogChanges;
  readonly memory: AnswerMemory;
  /** Whether the answers are not the server's own at the moment, because it waits for its user to sign in. */
  readonly provisional: () => boolean;
  readonly log: Log;
  readonly now: () => number;
}

interface KeptList extends KnownList {
  /** Whether this process has got it from the server, and nothing says that it has changed since. */
  checked: boolean;
  /** Until when it need not be asked for again. */
  readonly fresh: number;
}

/** Something that the server has been asked for. */
interface Ongoing {
  readonly over: Promise<void>;
  readonly since: number;
}

export class Catalog {
  /** Why the server could not be asked last time. */
  problem: string | undefined;
  /** Sessions that would be told about a change of its lists. */
  announcers = 0;
  /** How long the last answer took, in milliseconds. */
  pace: number | undefined;
  /** Called with the method of a list that has changed, and with every sign of life. */
  changed: (method: string) => void = () => {};
  arrived: () => void = () => {};
  /** Whether a session with the server is open, or was when it was last asked. */
  met = false;
  readonly #options: CatalogOptions;
  #failures = 0;
  #nextTry = 0;
  /** When the lists were last read, from memory or from the server. */
  #since = 0;
  readonly #lists = new Map<string, KeptList>();
  readonly #loading = new Map<string, Ongoing>();
  #meeting: Ongoing | undefined;
  /** Lists that have changed while they were being read. */
  readonly #again = new Set<string>();
  #introduction: ServerIntroduction | undefined;
  #recalled: Promise<void> | undefined;

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  get introduction(): ServerIntroduction | undefined {
    return this.#introduction;
  }

  list(method: string): KnownList | undefined {
    const known = this.#lists.get(method);
    if (known) return known;
    return has(this.#introduction, capabilityOf(method)) === false ? NOTHING : undefined;
  }

  /** The lists that are remembered from another start and were not asked for in this one. */
  get unchecked(): string[] {
    return [...this.#lists].flatMap(([method, { checked }]) => (checked ? [] : [method]));
  }

  /** Reads what is remembered. Never rejects. */
  recall(): Promise<void> {
    this.#recalled ??= this.#recall().catch((error: Error) => {
      this.#options.log.debug(`join: nothing is remembered: ${error.message}`);
    });
    return this.#recalled;
  }

  async #recall(): Promise<void> {
    const { memory } = this.#options;
    const [introduced, ...lists] = await Promise.all(
      ['initialize', ...LISTS.keys()].map((name) => memory.recall(name)),
    );
    if (introduced) this.#introduction ??= introductionOf(introduced);
    [...LISTS.keys()].forEach((method, at) => {
      const text = lists[at];
      const page = text && pageOf(method, text);
      if (!page || this.#lists.has(method)) return;
      this.#lists.set(method, { ...readable(method, page.entries), checked: false, fresh: 0 });
    });
    this.#since = this.#options.now();
    this.#options.changes.count++;
  }

  /** The last session with the server was closed, because nobody used it. */
  rest(): void {
    this.met = false;
    for (const known of this.#lists.values()) known.checked = false;
  }

  /** The server has introduced itself: the result of `initialize` or `server/discover`. */
  learn(result: Json): void {
    const introduction = introductionOf(result);
    const text = introductionText(introduction);
    const isNew = !this.#introduction || !introductionText(this.#introduction).equals(text);
    this.#introduction = introduction;
    this.met = true;
    if (isNew) this.#options.changes.count++;
    if (!this.#options.provisional()) this.#options.memory.remember('initialize', text);
    this.arrived();
  }

  /** Whether a client's request for a list should be passed on, instead of being answered with what is known. */
  mustAsk(method: string): boolean {
    const known = this.#lists.get(method);
    if (!known) return this.list(method) === undefined;
    // Nothing has been asked of this server yet, and a list is no reason to start it.
    if (!known.checked) return this.met || this.#options.now() - this.#since > LONGEST_REST;
    const announced = this.announcers > 0 && this.#announces(method);
    return !announced && this.#options.now() >= known.fresh;
  }

  #announces(method: string): boolean {
    return has(this.#introduction, capabilityOf(method), 'listChanged') === true;
  }

  /** The server says that a list has changed. */
  stale(method: string): void {
    const known = this.#lists.get(method);
    if (known) known.checked = false;
    if (this.#loading.has(method)) this.#again.add(method);
  }

  /** Lets one client at a time get to know the server. `meet` never rejects. */
  meet(meet: () => Promise<void>): Promise<void> {
    if (!this.#meeting) {
      const over = meet().then(() => {
        this.#meeting = undefined;
      });
      this.#meeting = { over, since: this.#options.now() };
    }
    return this.#meeting.over;
  }

  /** For how long the server has been asked for a list, or who it is, without an answer; in milliseconds. */
  waitingFor(method?: string): number {
    const ongoing = method === undefined ? this.#meeting : this.#loading.get(method);
    return ongoing === undefined ? 0 : this.#options.now() - ongoing.since;
  }

  /** Reads a list from the server; once, however many ask for it at a time. Rejects when it cannot be read. */
  load(method: string, source: Source): Promise<void> {
    const known = this.#loading.get(method);
    if (known) return known.over;
    const loading = { over: this.#load(method, source), since: this.#options.now() };
    this.#loading.set(method, loading);
    const done = (): void => {
      if (this.#loading.get(method) === loading) this.#loading.delete(method);
    };
    loading.over.then(done, done);
    return loading.over;
  }

  /** @param repeats how often a list that changes meanwhile may be read once more */
  async #load(method: string, source: Source, repeats = 1): Promise<void> {
    const { now, log, provisional, memory } = this.#options;
    if (has(this.#introduction, capabilityOf(method)) === false) return;
    this.#again.delete(method);
    const { known, fresh } = await readWhole(method, source, {
      now,
      log,
      answered: (pace) => {
        this.pace = pace;
        this.arrived();
      },
    });
    // Signing in ends with another list, which must not be held up by this one.
    const isOwn = !provisional() && !known.keys.includes(SIGN_IN_TOOL);
    this.#isWell();
    this.#keep(method, known, isOwn ? fresh : 0);
    if (isOwn) memory.remember(method, listText(method, known.entries));
    if (!this.#again.delete(method)) return;
    // If it changes all the time, the next client that wants it asks again.
    if (repeats > 0) await this.#load(method, source, repeats - 1);
    else this.stale(method);
  }

  #keep(method: string, known: KnownList, fresh: number): void {
    const old = this.#lists.get(method);
    this.#since = this.#options.now();
    this.#lists.set(method, { ...known, checked: true, fresh });
    if (old && isSame(old, known)) return;
    this.#options.changes.count++;
    this.changed(method);
  }

  #isWell(): void {
    this.problem = undefined;
    this.#failures = 0;
    this.#nextTry = 0;
  }

  /** How long to leave alone a server that could not be asked, in milliseconds. */
  get pause(): number {
    return Math.max(0, this.#nextTry - this.#options.now());
  }

  /** The server could not be asked. */
  failed(error: unknown): void {
    this.#nextTry = this.#options.now() + (PAUSES[Math.min(this.#failures++, PAUSES.length - 1)] as number);
    this.pace = undefined;
    this.problem = printable(error instanceof Error ? error.message : String(error), 300);
  }
}

const NOTHING: KnownList = { entries: [], keys: [] };

/** The capability of a server that has a list. */
function capabilityOf(method: string): string {
  const changed = METHODS.get(method)?.changed;
  return LIST_CHANGES.find((change) => change.method === changed)?.capability ?? '';
}

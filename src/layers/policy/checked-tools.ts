/**
 * The tools of one client's list whose definitions have been checked. A call of a tool that is not among them reads the
 * list first, so that nothing passes unchecked.
 */
import type { Exchange, Handler } from '../../core/exchange.ts';
import { readTools, type Tool } from './tool-pages.ts';

/** Where a page is in its list: undefined for its cursor at the first one, and for that of the next at the last one. */
export interface PagePlace {
  readonly cursor: string | undefined;
  readonly next: string | undefined;
}

export interface ToolCheck {
  /** The names of the tools that pass: those whose every definition does. */
  pass(tools: readonly Tool[]): ReadonlySet<string> | Promise<ReadonlySet<string>>;
  /** Whether a tool that did not pass may do so later, although the server's list is the same. */
  readonly mayChange: boolean;
}

/** One check that passes what all of them pass; undefined without any. */
export function together(checks: readonly ToolCheck[]): ToolCheck | undefined {
  if (checks.length < 2) return checks[0];
  return {
    mayChange: checks.some(({ mayChange }) => mayChange),
    async pass(tools) {
      const [first = new Set<string>(), ...others] = await Promise.all(checks.map((check) => check.pass(tools)));
      return new Set([...first].filter((name) => others.every((passed) => passed.has(name))));
    },
  };
}

/** A server may change a tool without saying so. In milliseconds. */
const LIFETIME = 5 * 60_000;
/** Beyond this many tools, further ones are read again with each call. */
const MAX_TOOLS = 50_000;

export class CheckedTools {
  readonly #check: ToolCheck;
  readonly #now: () => number;
  readonly #verdicts = new Map<string, boolean>();
  #since = Number.NEGATIVE_INFINITY;
  /** What was seen of the list, page after page: all of it, or the cursor of the page that goes on. */
  #seen: 'all' | 'nothing' | { readonly until: string } = 'nothing';

  constructor(check: ToolCheck, now: () => number = Date.now) {
    this.#check = check;
    this.#now = now;
  }

  /** The list has changed. */
  forget(): void {
    this.#verdicts.clear();
    this.#seen = 'nothing';
  }

  /** The names that pass, of one page on its way to the client. */
  async pass(tools: readonly Tool[], { cursor, next }: PagePlace): Promise<ReadonlySet<string>> {
    const passed = await this.#check.pass(tools);
    const goesOn = typeof this.#seen === 'object' && this.#seen.until === cursor;
    if (cursor === undefined) this.#begin();
    if (cursor === undefined || goesOn) this.#seen = next === undefined ? 'all' : { until: next };
    this.#note(tools, passed);
    return passed;
  }

  /** Whether a tool has passed; false also while that is unknown: a later page may have another tool of this name. */
  isKnown(name: string): boolean {
    return this.#fresh && this.#seen === 'all' && this.#verdicts.get(name) === true;
  }

  /** Whether a call may leave. Rejects with a ProxyError when the list cannot be read. */
  async allows(name: string, exchange: Exchange, next: Handler): Promise<boolean> {
    if (this.isKnown(name)) return true;
    if (this.#fresh && this.#verdicts.get(name) === false && !this.#check.mayChange) return false;
    const tools = await readTools(exchange, next);
    const passed = await this.#check.pass(tools);
    this.#begin();
    this.#seen = 'all';
    this.#note(tools, passed);
    return passed.has(name);
  }

  get #fresh(): boolean {
    return this.#now() - this.#since < LIFETIME;
  }

  #begin(): void {
    this.#verdicts.clear();
    this.#since = this.#now();
  }

  #note(tools: readonly Tool[], passed: ReadonlySet<string>): void {
    for (const { name } of tools) {
      // Two pages may list one tool: the stricter one counts.
      const verdict = passed.has(name) && this.#verdicts.get(name) !== false;
      if (this.#verdicts.size < MAX_TOOLS || this.#verdicts.has(name)) this.#verdicts.set(name, verdict);
    }
  }
}

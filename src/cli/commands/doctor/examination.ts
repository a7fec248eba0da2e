/** The checks of one run, in order: each with its number, its outcome and how long it took. */
import { Cancellation, type CancelSignal } from '../../../core/cancel.ts';
import { withLimit } from '../../../core/timer.ts';
import { ProxyError } from '../../../errors.ts';

export type Mark = 'ok' | 'warn' | 'fail' | 'skip';

/** The one thing that the user should do. */
export interface NextStep {
  /** A whole sentence, or one that ends with a colon in front of the command. */
  readonly say: string;
  /** What to type, word for word. */
  readonly command?: string | undefined;
}

/** What a check found out. */
export interface Finding {
  readonly mark: Mark;
  /** A short clause, without a full stop. */
  readonly text: string;
  /** What else there is to know, a clause or sentence each. */
  readonly details?: readonly string[];
  /** What to do about it, unless it is fine. */
  readonly next?: NextStep | undefined;
}

export interface Check extends Finding {
  /** From 1 on. */
  readonly number: number;
  /** For programs that read the JSON. It never changes. */
  readonly id: string;
  /** For people; at most 13 characters. */
  readonly title: string;
  /** Milliseconds; undefined for a check that was skipped. */
  readonly ms: number | undefined;
}

/** Names a check: its id, and its title. */
export type CheckName = readonly [id: string, title: string];

export interface ExaminationOptions {
  /** Called with each check when it is over. */
  readonly onCheck: (check: Check) => void;
  /** Called with what is done next, such as `checking: Name lookup`. */
  readonly onStep: (step: string) => void;
}

export class Examination {
  readonly checks: Check[] = [];
  readonly #options: ExaminationOptions;

  constructor(options: ExaminationOptions) {
    this.#options = options;
  }

  /**
   * Runs one check.
   * @param limit milliseconds after which it has failed. The signal aborts then, and the check is over even if the work
   * goes on.
   * @param work rejects with a ProxyError when the check has failed, whose hint is what to do
   */
  async run(
    [id, title]: CheckName,
    limit: number,
    work: (signal: CancelSignal) => Promise<Finding> | Finding,
  ): Promise<Check> {
    this.#options.onStep(`checking: ${title}`);
    const since = performance.now();
    const finding = await limited(limit, async (signal) => work(signal)).catch(failed);
    return this.#add({ ...finding, id, title, ms: performance.now() - since });
  }

  /** Notes that a check was left out. */
  skip([id, title]: CheckName, why: string): void {
    this.#add({ mark: 'skip', text: why, id, title, ms: undefined });
  }

  /** Leaves out several checks for the same reason. */
  skipAll(names: readonly CheckName[], why: string): void {
    for (const name of names) this.skip(name, why);
  }

  #add(check: Omit<Check, 'number'>): Check {
    const added = { ...check, number: this.checks.length + 1 };
    this.checks.push(added);
    this.#options.onCheck(added);
    return added;
  }
}

/** How long work may go on to say why it was too late, in milliseconds. */
const GRACE = 2_000;

/** Runs work that may not know how to stop. Rejects soon after `ms` milliseconds at the latest. */
export function limited<T>(ms: number, work: (signal: CancelSignal) => Promise<T>): Promise<T> {
  return withLimit(ms, new Cancellation(), (signal) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        timer = setTimeout(() => reject(signal.reason), GRACE);
      });
    });
    return Promise.race([work(signal), late]).finally(() => clearTimeout(timer));
  });
}

/** An error as the outcome of a check. */
export function failed(error: unknown): Finding {
  if (!(error instanceof ProxyError)) {
    const say = 'This is a mistake of mcp-proxy itself. Please report it.';
    return { mark: 'fail', text: 'the check itself has failed', next: { say } };
  }
  const { hint } = error.data;
  return { mark: 'fail', text: error.message, ...(hint !== undefined && { next: stepOf(hint) }) };
}

/** A hint as a step, with the words to type on a line of their own. */
export function stepOf(hint: string): NextStep {
  const [, say, command] = /^([^:;]+:) ((?:-H|--[a-z]|mcp-proxy) ?[^;]*)$/.exec(hint) ?? [];
  if (say !== undefined) return { say: capital(say), command };
  if (/^(?:mcp-proxy |-)/.test(hint)) return { say: 'Try:', command: hint };
  const text = capital(hint);
  return { say: /[.:'")\]]$/.test(text) ? text : `${text}.` };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Tells the user of a terminal what a command is doing when it takes a while: on one line of stderr that is rewritten
 * where the terminal can do that, otherwise with one line of the log for each step. Nothing is coloured, and the cursor
 * stays visible.
 */
import type { Env, Log } from '../../core/ports.ts';
import { printable, type Redact } from '../../core/redact.ts';

/** Goes to the start of the line, and erases all of it (ECMA-48, EL). */
const ERASE = '\r\u001b[2K';
const SECOND = 1_000;

export interface ProgressOptions {
  /** Milliseconds after which a step is shown. */
  readonly after: number;
  /** Writes to the terminal. Undefined: the terminal cannot rewrite a line, or there is none. */
  readonly write: ((text: string) => void) | undefined;
  /** The width of the terminal. 0 or undefined: unknown. */
  readonly columns: () => number | undefined;
  readonly redact: Redact;
  /** Gets each shown step where no line can be rewritten. */
  readonly log: Pick<Log, 'info'>;
}

export class Progress {
  readonly #options: ProgressOptions;
  /** What the command is doing, in the words of the command. */
  #step: string | undefined;
  /** The hosts of the requests in flight, in the order of the requests. */
  readonly #hosts: { readonly host: string }[] = [];
  /** When the step began, or the wait if there is no step. */
  #since = 0;
  /** Until the line is shown, and then from second to second. */
  #timer: NodeJS.Timeout | undefined;
  /** Whether the terminal shows the line. */
  #isShown = false;
  /** What is on the line now. */
  #line = '';
  /** What the log has been told. */
  readonly #told = new Set<string>();

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Begins a step, such as `signing out`. It ends with the next one, or with `end`. */
  step(what: string): void {
    this.#step = what;
    this.#since = Date.now();
    // A line that is there already changes at once.
    if (this.#isShown) this.#show();
    else this.#startTimer();
  }

  /** Begins to wait for an answer of this host. Call the result when the answer is there. Concurrent waits are fine. */
  waitFor(host: string): () => void {
    const wait = { host };
    this.#hosts.push(wait);
    if (this.#text() === `waiting for ${host}`) this.#since = Date.now();
    if (this.#isShown) this.#show();
    else if (this.#timer === undefined) this.#startTimer();
    return () => {
      const at = this.#hosts.indexOf(wait);
      if (at === -1) return;
      this.#hosts.splice(at, 1);
      if (this.#text() === undefined) this.end();
      else if (this.#isShown) this.#show();
    };
  }

  /** Writes something else to the terminal, such as a line of the log, and shows the step again below it. */
  above(write: () => void): void {
    this.#erase();
    write();
    if (this.#isShown) this.#show();
  }

  /** Ends the step and leaves the terminal clean. Call it before the program ends; more calls do nothing. */
  end(): void {
    this.#step = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#erase();
    this.#isShown = false;
  }

  #startTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#due(), this.#options.after).unref();
  }

  #due(): void {
    const { write, log } = this.#options;
    if (write) {
      this.#isShown = true;
      this.#show();
      this.#timer = setInterval(() => this.#show(), SECOND).unref();
      return;
    }
    this.#timer = undefined;
    const text = this.#text();
    if (text === undefined || this.#told.has(text)) return;
    this.#told.add(text);
    log.info(text);
  }

  #text(): string | undefined {
    const [wait] = this.#hosts;
    const waiting = wait && `waiting for ${wait.host}`;
    return this.#step !== undefined && waiting ? `${this.#step}: ${waiting}` : (this.#step ?? waiting);
  }

  #show(): void {
    const text = this.#text();
    if (text === undefined) return;
    const { write, columns, redact } = this.#options;
    const seconds = Math.floor((Date.now() - this.#since) / SECOND);
    const line = fitted(redact(text), seconds === 0 ? ' …' : ` … ${seconds} s`, columns() || 80);
    if (line !== this.#line) write?.(ERASE + line);
    this.#line = line;
  }

  #erase(): void {
    if (this.#line !== '') this.#options.write?.(ERASE);
    this.#line = '';
  }
}

/** The text and its end in fewer columns than the terminal has, because a full line may wrap. The text is cut if necessary. */
export function fitted(text: string, end: string, columns: number): string {
  let room = columns - 1 - end.length;
  let shown = '';
  for (const character of printable(text)) {
    // Characters of other scripts may be two columns wide.
    room -= character < '\u007f' ? 1 : 2;
    if (room < 0) break;
    shown += character;
  }
  return shown + (columns > end.length ? end : '');
}

export interface Terminal {
  readonly isTTY: boolean;
  readonly env: Env;
}

/** Whether a line may be rewritten: not for programs that read stderr, and not where the user wants no escape sequences. */
export function canRewrite({ isTTY, env }: Terminal): boolean {
  const isSet = (name: string): boolean => env[name] !== undefined && env[name] !== '';
  const isCi = isSet('CI') && !/^(?:false|0)$/i.test(env.CI as string);
  return isTTY && env.TERM !== 'dumb' && !isSet('NO_COLOR') && !isCi;
}

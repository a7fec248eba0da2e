/** What a local server writes to stderr: shown line by line, within limits, and its last line kept. */
import type { Readable } from 'node:stream';
import type { Log } from '../../core/ports.ts';
import { printable } from '../../core/redact.ts';
import { LineReader } from '../../wire/lines.ts';

/** Longer lines are shown by their beginning. */
const MAX_LINE = 65_536;
/** Characters to show of one line. */
const SHOWN = 1_000;
/** Characters of the last line in an error. */
const IN_ERROR = 300;
/** Lines that may come at once, and how many more each second. */
const BURST = 200;
const PER_SECOND = 20;

export interface StderrOptions {
  /** The name of the server. */
  readonly name: string;
  readonly log: Pick<Log, 'info'>;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

export class Stderr {
  readonly #name: string;
  readonly #log: Pick<Log, 'info'>;
  readonly #now: () => number;
  readonly #reader: LineReader;
  #last: string | undefined;
  /** How many lines may be shown now. */
  #budget = BURST;
  #since: number;
  #dropped = 0;

  constructor({ name, log, now = () => performance.now() }: StderrOptions) {
    this.#name = name;
    this.#log = log;
    this.#now = now;
    this.#since = now();
    this.#reader = new LineReader(
      MAX_LINE,
      (line) => this.#line(line),
      (head) => this.#line(head),
    );
  }

  /** Reads a stream to its end. Never waits: a server must not block on its stderr. */
  read(stream: Readable): void {
    stream.on('data', (chunk: Buffer) => this.#reader.push(chunk));
    stream.once('close', () => this.end());
    stream.on('error', () => {});
  }

  /** The last line that says something, in a form that is safe to show once secrets are hidden. */
  get last(): string | undefined {
    return this.#last;
  }

  end(): void {
    this.#reader.end();
    this.#tellDropped();
  }

  #line(line: Buffer): void {
    const text = printable(line.toString('utf8'), SHOWN);
    if (text === '') return;
    this.#last = printable(text, IN_ERROR);
    this.#refill();
    if (this.#budget < 1) {
      this.#dropped++;
      return;
    }
    this.#budget--;
    this.#tellDropped();
    this.#log.info(`${this.#name}: ${text}`);
  }

  #refill(): void {
    const now = this.#now();
    this.#budget = Math.min(BURST, this.#budget + ((now - this.#since) / 1_000) * PER_SECOND);
    this.#since = now;
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const lines = this.#dropped === 1 ? 'one line' : `${this.#dropped} lines`;
    this.#dropped = 0;
    this.#log.info(`${this.#name}: (${lines} on stderr not shown: it writes too many)`);
  }
}

/**
 * What a local server writes to stdout: its messages, one a line. A program that believes stdout is its own writes
 * banners and logs there too, some of them JSON.
 */
import { JsonError } from '../../core/json.ts';
import type { Message } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { printable } from '../../core/redact.ts';
import { MAX_UPSTREAM_MESSAGE, type ReceivedFrame, readEnds, readFrame } from '../../wire/frames.ts';
import { LineReader } from '../../wire/lines.ts';
import type { Link } from '../../wire/link.ts';

/** What every message has, and hardly any log line. */
const VERSION_KEY = '"jsonrpc"';

export interface StdoutOptions {
  /** The name of the server. */
  readonly name: string;
  readonly log: Log;
  /** Takes the messages. */
  readonly link: Link;
  /** Bytes of the largest message; left out: `MAX_UPSTREAM_MESSAGE`. */
  readonly largest?: number | undefined;
}

export class Stdout {
  readonly #options: StdoutOptions;
  readonly #reader: LineReader;
  /** Whether a line may be cut off. */
  #ending = false;
  /** Whether the server has answered anything. */
  answered = false;
  /** How many lines were no messages. */
  skipped = 0;

  constructor(options: StdoutOptions) {
    this.#options = options;
    this.#reader = new LineReader(
      options.largest ?? MAX_UPSTREAM_MESSAGE,
      (line) => this.#line(line),
      (head, tail) => this.#tooLong(head, tail),
      { owned: true },
    );
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  /** Nothing more will come. */
  end(): void {
    this.#ending = true;
    this.#reader.end();
  }

  #line(line: Buffer): void {
    let frame: ReceivedFrame;
    try {
      frame = readFrame(line, true);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      this.#unreadable(line, error);
      return;
    }
    const { link } = this.#options;
    const { batch, messages } = frame;
    if (!batch) {
      const [message] = messages;
      if (message && this.#isMessage(message, line)) link.receive(message);
      return;
    }
    const known = messages.filter((message) => this.#isMessage(message, line));
    if (known.length > 0) link.receiveBatch(known);
  }

  /** Whether JSON is a message that means something here; the rest are log lines, or answers to nobody. */
  #isMessage(message: Message, line: Buffer): boolean {
    const { asked } = this.#options.link;
    switch (message.kind) {
      case 'response':
        if (asked.knows(message.id)) {
          this.answered = true;
          return true;
        }
        return this.#isForOnlyRequest(message, line);
      case 'malformed':
        if (asked.asks(message.id)) return true;
        break;
      case 'invalid':
        break;
      default:
        return true;
    }
    this.#skip(line, message.reason);
    return false;
  }

  /**
   * Whether an answer with an id that no request of ours ever had must be meant for the only one that is open, as on
   * every wire. A line that does not even name the protocol is more likely to be a log line.
   */
  #isForOnlyRequest({ reply, unversioned }: Message & { kind: 'response' }, line: Buffer): boolean {
    if (!unversioned && this.#options.link.asked.size === 1) {
      // So a server reports an opening that it cannot make sense of.
      this.answered ||= 'error' in reply;
      return true;
    }
    this.#skip(line, 'it answers no request of the proxy');
    return false;
  }

  #unreadable(line: Buffer, error: JsonError): void {
    // The process ended while it wrote: its end is the answer.
    if (this.#ending) return;
    const { link } = this.#options;
    const { id, asks } = readEnds(line, line);
    // An answer that is not JSON is malformed, but it is the answer.
    if (!asks && line.includes(VERSION_KEY) && link.asked.asks(id))
      link.receive({ kind: 'malformed', id, reason: error.message });
    else this.#skip(line, error.message);
  }

  #tooLong(head: Buffer, tail: Buffer): void {
    const { link, largest = MAX_UPSTREAM_MESSAGE } = this.#options;
    const reason = `it is larger than ${largest / 1_048_576} MiB, see --max-message`;
    const { id, asks } = readEnds(head, tail);
    const isMessage = head.includes(VERSION_KEY) || tail.includes(VERSION_KEY);
    if (asks || !isMessage || !link.asked.asks(id)) this.#skip(head, reason);
    else link.receive({ kind: 'malformed', id, reason });
  }

  #skip(line: Buffer, reason: string): void {
    const { name, log } = this.#options;
    this.skipped++;
    if (this.skipped > 1) log.debug(`skipped a line on stdout (${reason}); ${this.skipped} so far`);
    else
      log.warn(
        `${name} wrote a line on stdout that the proxy cannot use (${reason}); such lines are skipped: ` +
          JSON.stringify(printable(line.toString('utf8', 0, 1_000), 200)),
      );
  }
}

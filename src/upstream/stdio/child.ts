/**
 * One process of a local server: newline-delimited JSON-RPC on its stdin and stdout (specification, "stdio"), from its
 * start to the end of everything it started.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { Cancellation } from '../../core/cancel.ts';
import { JsonError } from '../../core/json.ts';
import type { Frame, Message } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { printable } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { isTreeRunning, signalTree } from '../../platform/processes/tree.ts';
import { MAX_UPSTREAM_MESSAGE, type ReceivedFrame, readEnds, readFrame } from '../../wire/frames.ts';
import { LineWriter } from '../../wire/line-writer.ts';
import { LineReader } from '../../wire/lines.ts';
import { Link, type LinkHandlers } from '../../wire/link.ts';
import { pause } from '../backoff.ts';
import { Stderr } from './stderr.ts';

/** How long what a process has written may take to arrive after its end, in milliseconds. */
const LAST_WORDS = 500;
/** How long a process may live after it has closed a pipe, in milliseconds. */
const WITHOUT_PIPES = 1_000;
/** How long an ending may take in all when nothing else limits it, in milliseconds. */
export const STOP_LIMIT = 10_000;
/** How long what a process has started may go on after its end, in milliseconds. */
const LEFT_BEHIND = 1_000;
/** How often to look whether a process group is gone, in milliseconds. */
const LOOK = 20;

export interface ChildOptions extends LinkHandlers {
  /** The name of the server. */
  readonly name: string;
  readonly log: Log;
  /** For what it writes to stderr. */
  readonly stderr: Log;
  /** A promise for room at the clients, or undefined when there is room now. */
  readonly room: () => Promise<void> | undefined;
}

/** How a process ended. */
export interface ChildEnd {
  /** In words, such as `ended with exit code 1`. */
  readonly how: string;
  /** The last line on stderr. */
  readonly stderr: string | undefined;
  /** How long it lived, in milliseconds. */
  readonly lived: number;
  /** Whether it ended because the proxy wanted it to. */
  readonly wanted: boolean;
}

export class Child {
  readonly link: Link;
  readonly pid: number;
  /** Resolves when the process has ended, and everything that it said has been read. Never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** Resolves when everything that it started has ended too. Never rejects. */
  readonly gone: Promise<void>;
  readonly #options: ChildOptions;
  readonly #program: ChildProcessWithoutNullStreams;
  readonly #writer: LineWriter;
  readonly #stderr: Stderr;
  readonly #since = performance.now();
  readonly #exited = new Cancellation();
  #end: ((end: ChildEnd) => void) | undefined;
  #stopping = false;
  /** Whether everything in its group was killed: what still shows there waits for its parent to ask how it ended. */
  #killed = false;
  /** How long what it has started may go on after its end, in milliseconds. */
  #patience = LEFT_BEHIND;
  /** Whether it has answered anything. */
  answered = false;
  #skipped = 0;

  constructor(program: ChildProcessWithoutNullStreams, options: ChildOptions) {
    this.#program = program;
    this.#options = options;
    this.pid = program.pid as number;
    this.#writer = new LineWriter(program.stdin);
    this.#stderr = new Stderr({ name: options.name, log: options.stderr });
    this.link = new Link(
      (frame) => this.#write(frame),
      options,
      () => this.#writer.room(),
    );
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.gone = new Promise((resolve) => {
      program.once('exit', () => {
        this.#exited.abort();
        resolve(this.#endRest());
      });
    });
    this.#watch();
    this.#read();
  }

  /** A promise for room in its stdin, or undefined when there is room now. */
  room(): Promise<void> | undefined {
    return this.#writer.room();
  }

  /** Whether it has not ended, and nothing has told it to. */
  get running(): boolean {
    return this.#end !== undefined && !this.#stopping;
  }

  /**
   * Ends the process as the specification says ("Lifecycle", "Shutdown"): closes its stdin, then asks it to end, then
   * kills it, together with everything that it started. Another call with a lower limit hurries it up.
   * @param limit milliseconds until it is killed
   */
  async stop(limit = STOP_LIMIT): Promise<void> {
    this.#stopping = true;
    this.#patience = Math.min(LEFT_BEHIND, limit * 0.2);
    this.#program.stdin.end();
    await pause(limit * 0.4, this.#exited);
    if (!this.#exited.aborted) {
      signalTree(this.pid, 'SIGTERM');
      await pause(limit * 0.4, this.#exited);
    }
    if (!this.#exited.aborted) this.kill();
    await this.gone;
  }

  /** Kills everything at once, for the end of this process. */
  kill(): void {
    this.#killed = true;
    signalTree(this.pid, 'SIGKILL');
  }

  #write(frame: Frame): Promise<void> | undefined {
    return this.#writer.write(frame);
  }

  #watch(): void {
    const { stdin, stdout } = this.#program;
    this.#program.once('exit', (code, signal) => {
      const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      // What is still in the pipes counts. Something that it started may keep them open.
      stdout.resume();
      const read = new Cancellation();
      if (stdout.readableEnded || stdout.destroyed) read.abort();
      stdout.once('close', () => read.abort());
      pause(LAST_WORDS, read).then(() => this.#over(how));
    });
    // A process without stdout cannot answer, and without stdin it cannot be asked.
    const lost = (pipe: string): void => {
      pause(WITHOUT_PIPES, this.#exited).then(() => {
        if (this.#exited.aborted) return;
        this.#over(`closed its ${pipe}, but did not end`);
        this.stop();
      });
    };
    stdout.once('end', () => lost('stdout'));
    stdin.on('error', () => {});
    stdin.once('close', () => {
      if (!this.#stopping) lost('stdin');
    });
  }

  #read(): void {
    const { stdout, stderr } = this.#program;
    this.#stderr.read(stderr);
    const reader = new LineReader(
      MAX_UPSTREAM_MESSAGE,
      (line) => this.#line(line),
      (head, tail) => this.#tooLong(head, tail),
    );
    stdout.on('error', () => {});
    stdout.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      const full = this.#options.room();
      if (!full || this.#exited.aborted) return;
      stdout.pause();
      full.then(() => stdout.resume());
    });
    stdout.once('end', () => {
      this.#ending = true;
      reader.end();
    });
  }

  /** Whether a line may be cut off. */
  #ending = false;

  #line(line: Buffer): void {
    let frame: ReceivedFrame;
    try {
      frame = readFrame(line);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      this.#unreadable(line, error);
      return;
    }
    const known = frame.messages.filter((message) => this.#isMessage(message, line));
    if (frame.batch && known.length > 0) this.link.receiveBatch(known);
    else if (known[0]) this.link.receive(known[0]);
  }

  /** Whether JSON is a message; the rest are log lines of programs that believe stdout is theirs. */
  #isMessage(message: Message, line: Buffer): boolean {
    if (message.kind === 'response') this.answered = true;
    if (message.kind !== 'invalid' && (message.kind !== 'malformed' || this.link.asked.asks(message.id))) return true;
    this.#skip(line, message.reason);
    return false;
  }

  #unreadable(line: Buffer, error: JsonError): void {
    // The process ended while it wrote: its end is the answer.
    if (this.#ending) return;
    const { id, asks } = readEnds(line, line);
    // An answer that is no JSON is malformed, but it is the answer.
    if (!asks && this.link.asked.asks(id)) this.link.receive({ kind: 'malformed', id, reason: error.message });
    else this.#skip(line, error.message);
  }

  #tooLong(head: Buffer, tail: Buffer): void {
    const reason = `it is larger than ${MAX_UPSTREAM_MESSAGE / 1_048_576} MiB`;
    const { id, asks } = readEnds(head, tail);
    if (asks || !this.link.asked.asks(id)) this.#skip(head, reason);
    else this.link.receive({ kind: 'malformed', id, reason });
  }

  #skip(line: Buffer, reason: string): void {
    const { name, log } = this.#options;
    this.#skipped++;
    const text = `${name} wrote a line on stdout that is not a JSON-RPC message (${reason})`;
    if (this.#skipped > 1) log.debug(`${text}; ${this.#skipped} so far`);
    else
      log.warn(`${text}; such lines are skipped: ${JSON.stringify(printable(line.toString('utf8', 0, 1_000), 200))}`);
  }

  /** Answers everything that is open: nothing will come any more. */
  #over(how: string): void {
    const end = this.#end;
    if (!end) return;
    this.#end = undefined;
    this.#stderr.end();
    const lived = performance.now() - this.#since;
    const told: ChildEnd = { how, stderr: this.#stderr.last, lived, wanted: this.#stopping };
    this.link.destroy(endedEarly(this.#options.name, told));
    end(told);
    this.#program.stdin.destroy();
    this.#program.stdout.destroy();
    this.#program.stderr.destroy();
  }

  /** Ends what the process has started and left behind. */
  async #endRest(): Promise<void> {
    const left = (): boolean => isTreeRunning(this.pid);
    if (this.#killed || !left()) return;
    signalTree(this.pid, 'SIGTERM');
    const since = performance.now();
    while (!this.#killed && left()) {
      if (performance.now() - since >= this.#patience) this.kill();
      else await wait(LOOK);
    }
  }
}

function wait(ms: number): Promise<void> {
  return pause(ms, new Cancellation());
}

/** For a call that was in flight. */
function endedEarly(name: string, { how, stderr }: ChildEnd): ProxyError {
  return new ProxyError('failed', `${name} ${how} before it answered${lastWords(stderr)}`, {
    outcome: 'unknown',
    hint: 'it may have run the call: check that before you try again',
  });
}

/** The last line on stderr, as the end of a message. */
export function lastWords(stderr: string | undefined): string {
  return stderr === undefined ? '' : `; its last line on stderr: ${stderr}`;
}

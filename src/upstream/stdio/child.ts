/**
 * One process of a local server: newline-delimited JSON-RPC on its stdin and stdout (specification, "stdio"), from its
 * start to the end of everything it started.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { Cancellation } from '../../core/cancel.ts';
import type { Call, Frame, Reply } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';
import { isTreeRunning, signalTree } from '../../platform/processes/tree.ts';
import { LineWriter } from '../../wire/line-writer.ts';
import { Link, type LinkHandlers } from '../../wire/link.ts';
import { pause } from '../backoff.ts';
import { Stderr } from './stderr.ts';
import { Stdout } from './stdout.ts';

/** How long what a process has written may take to arrive after its end, in milliseconds. */
const LAST_WORDS = 500;
/** How long a process may live after it has closed a pipe, in milliseconds. */
const WITHOUT_PIPES = 1_000;
/** How long an ending may take in all when nothing else limits it, in milliseconds. */
export const STOP_LIMIT = 10_000;
/** How long what a process has started may go on after its end, in milliseconds. */
const LEFT_BEHIND = 1_000;
/** How a request begins that does more than open the session. */
const CALL = /^\{"jsonrpc":"2\.0","id":\d+,"method":"(?!(?:initialize|server\/discover|ping)")/;
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
  /** Bytes of the largest message that it may write; left out: `MAX_UPSTREAM_MESSAGE`. */
  readonly largest?: number | undefined;
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
  /** Whether it has opened a session of the legacy era. */
  opened = false;
  /** The session that the probe of its era has opened with it, until a client takes it over. */
  probed: { readonly initialize: Call; readonly reply: Reply } | undefined;
  readonly #options: ChildOptions;
  readonly #program: ChildProcessWithoutNullStreams;
  readonly #writer: LineWriter;
  readonly #stdout: Stdout;
  readonly #stderr: Stderr;
  readonly #since = performance.now();
  readonly #exited = new Cancellation();
  #end: ((end: ChildEnd) => void) | undefined;
  #stopping = false;
  /** Whether everything in its group was killed: what still shows there waits for its parent to ask how it ended. */
  #killed = false;
  /** How long what it has started may go on after its end, in milliseconds. */
  #patience = LEFT_BEHIND;
  /** Whether it was sent a request that does more than open the session. */
  #called = false;

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
    this.#stdout = new Stdout({ ...options, link: this.link });
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

  /** Whether it has answered anything. */
  get answered(): boolean {
    return this.#stdout.answered;
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
    this.#called ||= CALL.test((frame[0] as Buffer).toString('latin1', 0, 80));
    return this.#writer.write(frame);
  }

  #watch(): void {
    const { stdin, stdout, stderr } = this.#program;
    this.#program.once('exit', (code, signal) => {
      const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      // What is still in the pipes counts. Something that it started may keep them open.
      stdout.resume();
      const read = new Cancellation();
      const open = [stdout, stderr].filter((pipe) => !pipe.readableEnded && !pipe.destroyed);
      let left = open.length;
      for (const pipe of open) {
        pipe.once('close', () => {
          left -= 1;
          if (left === 0) read.abort();
        });
      }
      if (left === 0) read.abort();
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
    stdout.on('error', () => {});
    stdout.on('data', (chunk: Buffer) => {
      this.#stdout.push(chunk);
      const full = this.#options.room();
      if (!full || this.#exited.aborted) return;
      stdout.pause();
      full.then(() => stdout.resume());
    });
    stdout.once('end', () => this.#stdout.end());
    stdout.resume();
  }

  /** Answers everything that is open: nothing will come any more. */
  #over(how: string): void {
    const end = this.#end;
    if (!end) return;
    this.#end = undefined;
    this.#stderr.end();
    const { name, log } = this.#options;
    const { skipped } = this.#stdout;
    if (skipped > 1) log.info(`${name} wrote ${skipped} lines on stdout that were skipped`);
    const lived = performance.now() - this.#since;
    const told: ChildEnd = { how, stderr: this.#stderr.last, lived, wanted: this.#stopping };
    this.link.destroy(endedEarly(name, told, this.#called));
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

/**
 * For a request that was in flight.
 * @param called whether it may be more than the opening of a session
 */
function endedEarly(name: string, { how, stderr }: ChildEnd, called: boolean): ProxyError {
  return new ProxyError('failed', `${name} ${how} before it answered${lastWords(stderr)}`, {
    outcome: 'unknown',
    ...(called && { hint: 'it may have run the call: check that before you try again' }),
  });
}

/** The last line on stderr, as the end of a message. */
export function lastWords(stderr: string | undefined): string {
  return stderr === undefined ? '' : `; its last line on stderr: ${stderr}`;
}

/** A local server for one session, with an ear on what it writes. */
import type { StdioServer } from '../../../../config.ts';
import type { Peer, Session } from '../../../../core/exchange.ts';
import { JsonError } from '../../../../core/json.ts';
import { printable } from '../../../../core/redact.ts';
import { ProxyError } from '../../../../errors.ts';
import { upgrade } from '../../../../layers/bridge/upgrade.ts';
import { obstacleOf } from '../../../../platform/processes/obstacle.ts';
import { type Program, startProgram } from '../../../../platform/processes/start.ts';
import { Child, type ChildEnd } from '../../../../upstream/stdio/child.ts';
import { NO_DEATHS } from '../../../../upstream/stdio/restarts.ts';
import { LocalSession, type ProcessHandlers } from '../../../../upstream/stdio/session.ts';
import { startFailure } from '../../../../upstream/stdio/start-failure.ts';
import { MAX_UPSTREAM_MESSAGE, readFrame } from '../../../../wire/frames.ts';
import { LineReader } from '../../../../wire/lines.ts';
import type { Client } from '../session/client.ts';
import { SILENT } from '../session/silent-log.ts';

/** How many lines of stderr to keep, and how many characters of each line. */
const [KEPT, LONGEST] = [5, 200] as const;
/** Longer lines of stderr are kept by their beginning, in bytes. */
const MAX_LINE = 65_536;
/** A program that writes more than this between two messages writes without end: bytes, and lines on each stream. */
const MOST = { bytes: 64 * 1_048_576, noise: 10_000, stderr: 100_000 } as const;

export class LocalProgram {
  readonly #server: StdioServer;
  readonly #program: Program;
  #child: Child | undefined;
  /** How the process ended, if it has. */
  end: ChildEnd | undefined;
  /** Lines on stdout other than messages. */
  noise = 0;
  firstNoise = '';
  /** Whether it was stopped because it wrote without end. */
  flooded = false;
  /** Lines on stderr. */
  messages = 0;
  /** The last ones. */
  readonly lastMessages: string[] = [];
  /** What it has written since its last message. */
  #unread: Record<keyof typeof MOST, number> = { bytes: 0, noise: 0, stderr: 0 };

  constructor(server: StdioServer, program: Program) {
    this.#server = server;
    this.#program = program;
    process.once('exit', this.#kill);
  }

  /** Starts the process that the session uses. Rejects with a ProxyError. */
  async start(handlers: ProcessHandlers): Promise<Child> {
    // It is started once: a second start would show something else than the first.
    if (this.#child) throw new ProxyError('failed', `${this.#server.name} has ended`);
    const started = await startProgram(this.#program).catch((error: unknown) => {
      throw startFailure(this.#program, obstacleOf(this.#program), error);
    });
    const largest = this.#server.maxMessage;
    const out = new LineReader(
      largest ?? MAX_UPSTREAM_MESSAGE,
      (line) => this.#hear(line),
      () => {},
    );
    const messages = (line: Buffer): void => this.#read(line);
    const errors = new LineReader(MAX_LINE, messages, messages);
    const child = new Child(started, { ...handlers, name: this.#server.name, log: SILENT, stderr: SILENT, largest });
    this.#child = child;
    const reading = (reader: LineReader) => (chunk: Buffer) => {
      // What the pipes still hold of a flood says nothing new.
      if (this.flooded) return;
      this.#count('bytes', chunk.length);
      reader.push(chunk);
    };
    started.stdout.on('data', reading(out));
    started.stderr.on('data', reading(errors));
    started.stderr.once('end', () => errors.end());
    child.ended.then((end) => {
      this.end = end;
    });
    return child;
  }

  /** Opens a session; the first request starts the process. */
  connect(peer: Peer): Session {
    const { name } = this.#server;
    return upgrade({ log: SILENT, host: name })(
      (client) =>
        new LocalSession({
          name,
          log: SILENT,
          peer: client,
          idle: undefined,
          starts: { deaths: NO_DEATHS },
          launch: (handlers) => this.start(handlers),
          memory: undefined,
          modern: undefined,
        }),
    )(peer);
  }

  /** Ends the session, and with it the process. Resolves with how that ended, or had ended before. */
  async stop(client: Pick<Client, 'close'>, limit: number): Promise<ChildEnd> {
    await client.close(limit);
    const end = (await this.#child?.ended) ?? { how: 'has never run', stderr: undefined, lived: 0, wanted: true };
    await this.#child?.gone;
    process.off('exit', this.#kill);
    return end;
  }

  /** Stops a program that would keep the doctor busy for ever. */
  #count(what: keyof typeof MOST, amount = 1): void {
    this.#unread[what] += amount;
    if (this.#unread[what] <= MOST[what]) return;
    this.flooded = true;
    this.#child?.kill();
  }

  #hear(line: Buffer): void {
    if (this.flooded) return;
    if (isMessage(line)) {
      this.#unread = { bytes: 0, noise: 0, stderr: 0 };
      return;
    }
    this.#count('noise');
    this.noise++;
    if (this.noise === 1) this.firstNoise = printable(line.toString('utf8', 0, 1_000), LONGEST);
  }

  #read(line: Buffer): void {
    if (this.flooded) return;
    this.#count('stderr');
    const text = printable(line.toString('utf8', 0, 4_000), LONGEST);
    if (text === '') return;
    this.messages++;
    this.lastMessages.push(text);
    if (this.lastMessages.length > KEPT) this.lastMessages.shift();
  }

  readonly #kill = (): void => this.#child?.kill();
}

function isMessage(line: Buffer): boolean {
  try {
    return readFrame(line, true).messages.every(({ kind }) => kind !== 'invalid' && kind !== 'malformed');
  } catch (error) {
    if (error instanceof JsonError) return false;
    throw error;
  }
}

/** A local server: a program on this machine that speaks MCP on its standard input and output. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { StdioServer } from '../../config.ts';
import type { Peer, Session } from '../../core/exchange.ts';
import { errorReply, METHOD_NOT_FOUND } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';
import { lookForProgram } from '../../platform/processes/find.ts';
import { obstacleOf } from '../../platform/processes/obstacle.ts';
import { ProcessRecords } from '../../platform/processes/records.ts';
import { type Program, startProgram } from '../../platform/processes/start.ts';
import { Child } from './child.ts';
import { serverEnvironment } from './environment.ts';
import { IdleMemory } from './idle-memory.ts';
import { LocalProcess } from './kept-process.ts';
import { ModernSession } from './modern.ts';
import { MAX_QUICK, NO_DEATHS } from './restarts.ts';
import { LocalSession, type ProcessHandlers } from './session.ts';
import { startFailure } from './start-failure.ts';

/** Processes for several clients. */
export interface SharingOptions {
  /** How many may run at a time. */
  readonly maxChildren: number;
  /** Milliseconds after which a process that nobody uses is stopped. */
  readonly idle: number;
  /** Whether all clients share one session of the legacy era, and so its process. */
  readonly oneSession?: boolean | undefined;
}

export interface LocalServerOptions {
  readonly server: StdioServer;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** For what the server writes to stderr. */
  readonly stderr: Log;
  /** Where to record processes, so that none is left behind; undefined: nowhere. */
  readonly folder: string | undefined;
  /** Undefined: one client. */
  readonly sharing: SharingOptions | undefined;
}

/** How long a server that has not answered yet may take to end, in milliseconds. */
const UNANSWERED = 400;

export class LocalServer {
  readonly #options: LocalServerOptions;
  readonly #program: Program;
  readonly #records: ProcessRecords | undefined;
  readonly #children = new Set<Child>();
  /** For each process: settles when it is gone, and its record too. */
  readonly #recorded = new Set<Promise<void>>();
  /** Processes that are being started. */
  #starting = 0;
  #closed = false;
  /** The failure to start that was logged last. */
  #told = '';
  /** What an earlier proxy has left behind is gone: it may hold the files and ports that the server needs. */
  readonly #swept: Promise<void>;
  readonly #starts = { deaths: NO_DEATHS };
  readonly #memory: IdleMemory | undefined;
  /** For the modern requests of all clients. */
  readonly #modern: { readonly session: ModernSession; readonly process: LocalProcess } | undefined;

  constructor(options: LocalServerOptions) {
    const { server, env, folder, sharing } = options;
    this.#options = options;
    this.#program = { ...server, env: serverEnvironment(env, server) };
    this.#records = folder === undefined ? undefined : new ProcessRecords(path.join(folder, 'children'), keyOf(server));
    this.#memory = sharing && new IdleMemory();
    this.#modern = sharing && this.#forAll(sharing);
    this.#swept = this.#sweep();
    process.once('exit', this.#killAll);
  }

  /** Opens a session for one client. */
  connect(peer: Peer): Session {
    const { log, sharing, server } = this.#options;
    return new LocalSession({
      name: server.name,
      log,
      peer,
      idle: sharing?.idle,
      starts: this.#starts,
      launch: (handlers) => this.#launch(handlers),
      memory: this.#memory,
      modern: this.#modern?.session,
    });
  }

  /** Why the program cannot be started at present; undefined as far as it can. Never rejects. */
  async look(): Promise<string | undefined> {
    const { deaths } = this.#starts;
    if (deaths.quick >= MAX_QUICK) {
      return `${this.#options.server.name} has ended ${deaths.quick} times in a row before it answered anything`;
    }
    const missing = await lookForProgram(this.#program);
    return missing && this.#failure(missing).message;
  }

  /**
   * Ends every process.
   * @param within milliseconds; 0: as soon as possible, because it has not answered anything
   */
  async close(within: number): Promise<void> {
    const limit = within || UNANSWERED;
    this.#closed = true;
    const stopped = [...this.#children].map((child) => child.stop(limit));
    await Promise.all([this.#modern?.process.close(limit), ...stopped, ...this.#recorded]);
    process.off('exit', this.#killAll);
  }

  #forAll({ idle, oneSession }: SharingOptions) {
    const { log, server } = this.#options;
    const { name } = server;
    const opened = (): Child | undefined => [...this.#children].find((child) => child.opened && child.running);
    const shared = oneSession ? opened : undefined;
    const session = new ModernSession({ name, log, process: () => process, only: undefined, shared });
    const handlers: ProcessHandlers = {
      // In this era, servers ask with their results.
      request: () => Promise.resolve(errorReply(METHOD_NOT_FOUND, 'Method not found')),
      notify: (call) => session.told(call),
      unsubscribed: (id, note) => session.unsubscribed(id, note),
      // A slow client must not delay the others.
      room: () => undefined,
    };
    const process: LocalProcess = new LocalProcess({
      name,
      log,
      idle,
      starts: this.#starts,
      launch: () => this.#launch(handlers),
      restore: () => Promise.resolve(),
      needed: () => false,
      idled: () => {},
    });
    return { session, process };
  }

  async #launch(handlers: ProcessHandlers): Promise<Child> {
    const { log, stderr, server, sharing } = this.#options;
    await this.#place(sharing);
    let child: Child;
    let recorded: Promise<void> | undefined;
    try {
      await this.#swept;
      if (this.#closed) throw new ProxyError('failed', 'the proxy is ending');
      const started = await startProgram(this.#program).catch((error: unknown) => {
        const failure = this.#failure(error);
        this.#tell(failure);
        throw failure;
      });
      this.#told = '';
      child = new Child(started, { ...handlers, name: server.name, log, stderr, largest: server.maxMessage });
      recorded = this.#keep(child);
    } finally {
      this.#starting--;
    }
    // A proxy that is killed from here on leaves a record of what it has started.
    await recorded;
    return child;
  }

  /** Takes a place for a process. Waits for one that is ending to make room, and rejects when none is. */
  async #place(sharing: SharingOptions | undefined): Promise<void> {
    while (sharing && this.#children.size + this.#starting >= sharing.maxChildren) {
      const leaving = [...this.#children].filter(({ running }) => !running);
      if (leaving.length === 0) throw tooMany(this.#options.server.name, sharing);
      await Promise.race(leaving.map(({ gone }) => gone));
    }
    // Before anybody else looks.
    this.#starting++;
  }

  /** Logs why the program could not be started: not every host shows its user the error that it gets. */
  #tell({ message, data: { hint } }: ProxyError): void {
    // For several clients, the check of readiness tells it.
    if (this.#options.sharing || message === this.#told) return;
    this.#told = message;
    this.#options.log.error(hint ? `${message} (${hint})` : message);
  }

  #failure(error: unknown): ProxyError {
    return startFailure(this.#program, obstacleOf(this.#program), error);
  }

  /** Resolves when the process is recorded. */
  #keep(child: Child): Promise<void> | undefined {
    this.#children.add(child);
    const record = this.#records?.add(child.pid);
    const forgotten = child.gone.then(async () => {
      this.#children.delete(child);
      await record?.forget();
      this.#recorded.delete(forgotten);
    });
    this.#recorded.add(forgotten);
    // Windows needs a program of its own, which takes seconds, to say when a process started.
    return process.platform === 'win32' ? undefined : record?.written;
  }

  async #sweep(): Promise<void> {
    const ended = await this.#records?.sweep();
    if (ended)
      this.#options.log.warn(`ended ${ended === 1 ? '1 process' : `${ended} processes`} of a proxy that was killed`);
  }

  /** The last moment: what still runs would go on without us. */
  readonly #killAll = (): void => {
    for (const child of this.#children) child.kill();
  };
}

function tooMany(name: string, { maxChildren }: SharingOptions): ProxyError {
  return new ProxyError('limit', `${name} runs in as many processes as are allowed (${maxChildren})`, {
    hint: 'try again when another client has left, or start the proxy with a higher --max-children',
  });
}

/** Names the configuration of a server, for what is kept about its processes. */
function keyOf({ command, args, cwd }: StdioServer): string {
  return createHash('sha256')
    .update(JSON.stringify([command, args, cwd ?? process.cwd()]))
    .digest('hex')
    .slice(0, 32);
}

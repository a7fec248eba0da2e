/** The contracts that hide files, the terminal and metrics. */

/** Environment variables, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

/**
 * What users read on stderr. The implementation makes lines printable and removes secrets; a URL
 * for the user to open follows the line unchanged.
 */
export interface Log {
  debug(line: string): void;
  info(line: string, url?: string): void;
  warn(line: string, url?: string): void;
  error(line: string): void;
}

/** What `peek` returns for a value that takes an asynchronous look: this process does not know it yet. */
export const NOT_YET: unique symbol = Symbol('not known yet');

/** What can be known at once: the value, that there is none, or that the caller must wait for it. */
export type Peeked<T> = T | undefined | typeof NOT_YET;

/** What a server once answered to a question that every client asks, for the time when the server cannot be asked. */
export interface AnswerMemory {
  /**
   * The result, as JSON text, or undefined. There is no `peek`: a start needs this only after the
   * server has asked for a sign-in.
   */
  recall(method: string): Promise<Buffer | undefined>;
  remember(method: string, result: Buffer): Promise<void>;
}

/** The transport a server turned out to speak. */
export type TransportName = 'http' | 'sse';

/**
 * How to talk to a server on behalf of clients that open with `initialize`. Beside the transports: `modern`, in
 * 2026-07-28, because the server has no sessions for them; `sessionless`, over Streamable HTTP, because it has no
 * sessions for them, and does not speak 2026-07-28 either.
 */
export type Spoken = TransportName | 'modern' | 'sessionless';

/** Remembers across processes what a URL speaks. Losing it costs one request. */
export interface VerdictMemory {
  /** As `recall`, for a start that cannot wait. Never throws. */
  peek(url: URL): Peeked<Spoken>;
  recall(url: URL): Promise<Spoken | undefined>;
  remember(url: URL, spoken: Spoken): Promise<void>;
}

/** Counts what happens at one server, for operators. Names that come from clients are counted only if they are in a closed set. */
export interface Meter {
  /** An exchange is over. `outcome`: `result`, `error` (of the server), `cancelled`, or the code of a ProxyError. */
  exchange(method: string, outcome: string, seconds: number): void;
  /** The tokens for the server were refreshed. */
  refreshed(): void;
}

/** Small secret texts under names; each is written whole or not at all. Names match [a-z0-9.-]{1,80}. */
export interface SecretStore {
  /** Whether the store is known, without a look, to be empty. */
  readonly empty: boolean;
  /** As `read`, for a start that cannot wait. Never throws (unreadable = undefined). */
  peek(name: string): Peeked<string>;
  /**
   * The text, or undefined (also when unreadable). Rejects when the store does not respond; an
   * implementation on another machine sets its own time limit.
   */
  read(name: string): Promise<string | undefined>;
  /**
   * Resolves when the text would survive a crash. Rejects with a ProxyError 'internal' with a
   * hint when the store cannot be written. The writes of one process to one name take effect in
   * the order of the calls.
   */
  write(name: string, text: string): Promise<void>;
  /** Resolves even when there was nothing to remove. Rejects as `write` does. */
  remove(name: string): Promise<void>;
  /** In alphabetical order. */
  names(): Promise<string[]>;
}

/** Keeps processes that share a store from interfering with each other. */
export interface Lock {
  /**
   * Takes the lock if it is free, or ours already; false when another owner has it. Never waits
   * for that owner. Rejects with a ProxyError 'internal' with a hint when the lock cannot be
   * used.
   */
  tryAcquire(): Promise<boolean>;
  /** Whether this lock is still ours: false once another owner has taken it over from a process that seemed dead. */
  held(): Promise<boolean>;
  /** Idempotent; never releases another owner's lock. */
  release(): Promise<void>;
}

/** Makes locks: two with the same name exclude each other. Names match [a-z0-9.-]{1,80}. */
export type Locks = (name: string) => Lock;

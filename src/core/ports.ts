/** The contracts behind which files, the terminal and whoever counts stand. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

/**
 * What people read on stderr. Lines are made printable and free of secrets by the implementation;
 * a URL that users are to open stands behind the line as it is.
 */
export interface Log {
  debug(line: string): void;
  info(line: string, url?: string): void;
  warn(line: string, url?: string): void;
  error(line: string): void;
}

/** What `peek` says of a thing that only an asynchronous look finds out: nobody knows it in this process so far. */
export const NOT_YET: unique symbol = Symbol('not known yet');

/** What can be known at once: the thing, that there is none, or that a start has to wait for it. */
export type Peeked<T> = T | undefined | typeof NOT_YET;

/** What a server once answered to a question that every client asks; for the time that it cannot be asked. */
export interface AnswerMemory {
  /** The result, as JSON text, or undefined. No start needs it before the server has asked for a sign-in, so nobody peeks. */
  recall(method: string): Promise<Buffer | undefined>;
  remember(method: string, result: Buffer): Promise<void>;
}

/** The transport a server turned out to speak. */
export type TransportName = 'http' | 'sse';

/** Remembers across processes which transport a URL speaks. Losing it costs one request. */
export interface VerdictMemory {
  /** As `recall`, for a start that cannot wait. Never throws. */
  peek(url: URL): Peeked<TransportName>;
  recall(url: URL): Promise<TransportName | undefined>;
  remember(url: URL, transport: TransportName): Promise<void>;
}

/** Counts what happens, for whom operates the proxy. What comes from clients is counted under names of a closed set only. */
export interface Meter {
  /** An exchange is over. `outcome`: `result`, `error` (of the server), `cancelled`, or the code of a ProxyError. */
  exchange(method: string, outcome: string, seconds: number): void;
  /** One HTTP response has left. */
  response(path: string, status: number): void;
  /** Tokens were renewed. */
  renewed(): void;
}

/** Small secret texts under names; each is written whole or not at all. Names match [a-z0-9.-]{1,80}. */
export interface SecretStore {
  /** Whether it is certain, without asking anything, that there is nothing in it. */
  readonly empty: boolean;
  /** As `read`, for a start that cannot wait. Never throws (unreadable = undefined). */
  peek(name: string): Peeked<string>;
  /**
   * The text, or undefined (unreadable = undefined). Rejects when the store cannot be asked now; an implementation
   * that asks another machine sets the time limit for that itself.
   */
  read(name: string): Promise<string | undefined>;
  /**
   * Resolves when it would survive a crash. Rejects with a ProxyError 'internal' with a hint when the place cannot be
   * written. The writes of one process to one name take effect in the order of the calls.
   */
  write(name: string, text: string): Promise<void>;
  /** Resolves also when there was nothing. Rejects as `write` does. */
  remove(name: string): Promise<void>;
  /** In alphabetical order. */
  names(): Promise<string[]>;
}

/** Keeps processes that share a place out of each other's way. */
export interface Lock {
  /**
   * Takes the lock if it is free, or ours already; false when another owner has it. Never waits for that owner.
   * Rejects with a ProxyError 'internal' with a hint when the place of the lock cannot be used.
   */
  tryAcquire(): Promise<boolean>;
  /** Whether this very lock is still ours: false once another owner has taken it over from a process that seemed dead. */
  held(): Promise<boolean>;
  /** Idempotent; never takes the lock of another owner away. */
  release(): Promise<void>;
}

/** Makes locks: two of one name exclude each other. Names match [a-z0-9.-]{1,80}. */
export type Locks = (name: string) => Lock;

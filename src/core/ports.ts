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

/** What a server once answered to a question that every client asks; for the time that it cannot be asked. */
export interface AnswerMemory {
  /** The result, as JSON text, or undefined. */
  recall(method: string): Buffer | undefined;
  /** Never rejects. */
  remember(method: string, result: Buffer): Promise<void>;
}

/** The transport a server turned out to speak. */
export type TransportName = 'http' | 'sse';

/** Remembers across processes which transport a URL speaks. Losing it costs one request. */
export interface VerdictMemory {
  recall(url: URL): TransportName | undefined;
  /** Never rejects: a verdict that cannot be stored is found out again. */
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
  /** Whether there is nothing in it, as far as can be told at once. */
  readonly empty: boolean;
  /** The text, or undefined. Synchronous: a start waits for it. Never throws (unreadable = undefined). */
  read(name: string): string | undefined;
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

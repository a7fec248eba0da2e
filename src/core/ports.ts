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

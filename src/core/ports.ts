/** The contracts behind which sockets, files and the terminal stand. */
import type { CancelSignal } from './cancel.ts';

/** Header names in lower case. A field that came several times is one value, joined by commas. */
type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Never changed once it was sent, the URL too: what can be told from it is told once. */
  readonly url: URL;
  /** Never changed once it was sent; what is sent often is best always the same object. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: readonly Buffer[];
  /** Aborting closes the exchange at once, whatever its state. */
  readonly signal?: CancelSignal;
  /** The response is a stream that stays open: it gets a connection of its own, and leaves the warm ones to calls. */
  readonly stream?: boolean;
  /** Redirects are answers, not followed. */
  readonly redirect?: 'manual';
  /** A probe: nobody has asked for anything yet, so no user is to be asked to sign in for it. */
  readonly probe?: boolean;
  /** Running it twice does no harm: a request that a stale connection lost may be sent again. */
  readonly repeatable: boolean;
}

export interface HttpBody {
  /**
   * Hands over the decoded body chunk by chunk; the next one waits for the sink's promise.
   * Resolves at the regular end; rejects with a ProxyError when the body breaks off, with
   * whatever the sink throws when it throws.
   */
  each(sink: (chunk: Buffer) => Promise<void> | undefined): Promise<void>;
  /** The whole body. Rejects with a ProxyError `limit` when it is longer than `limit` bytes. */
  bytes(limit: number): Promise<Buffer>;
  /** Closes the connection without reading on. */
  destroy(): void;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: HttpBody;
}

/**
 * Sends one HTTP request. Resolves with whatever response came, 4xx and 5xx included; rejects
 * with a ProxyError when none came. The joint between the transports and everything below
 * them: certificates, proxies, redirects, sign-in.
 */
export type Fetch = (request: HttpRequest) => Promise<HttpResponse>;

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

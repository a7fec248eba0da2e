/** The contract behind which every socket to a server stands. */
import type { CancelSignal } from './cancel.ts';

/** Header names in lower case. A field that came several times is one value, joined by commas. */
type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The cookies of one origin, as far as one user of it is concerned. */
export interface Cookies {
  readonly empty: boolean;
  /** Takes in the `Set-Cookie` fields of a response to a request for `path`. */
  take(fields: readonly string[], path: string): void;
  /** The `Cookie` value for a request for `path`, or undefined when there is nothing to send. */
  header(path: string): string | undefined;
}

/**
 * What a request is for: it decides whether a user may be asked to sign in for it, who is told when it fails, and which
 * connection it gets.
 */
export type Purpose =
  /** A message of the client, or one that the client waits for. */
  | 'call'
  /** Opens the event stream on which the server answers everything (HTTP+SSE); the client waits for it. */
  | 'connect'
  /**
   * The client asks what the server speaks. Hosts start copies to ask it, and throw them away at once: no user is asked
   * to sign in for it, but the client is told that a sign-in is needed.
   */
  | 'discover'
  /** A message that has no answer. */
  | 'notification'
  /** Listens to what the server says beside its answers, or to the rest of one. */
  | 'stream'
  /** Ends a session. */
  | 'end'
  /** Finds out what is at a URL, on the proxy's own account. */
  | 'probe'
  /** A step of a sign-in, at an authorization server or on the way to one. */
  | 'sign-in';

export interface HttpRequest {
  readonly purpose: Purpose;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Never changed once it was sent, the URL too: what can be told from it is told once. */
  readonly url: URL;
  /** Never changed once it was sent; what is sent often is best always the same object. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: readonly Buffer[];
  /** Aborting closes the exchange at once, whatever its state. */
  readonly signal?: CancelSignal;
  /** It names a session of the server by its id, which the server may not know any more. */
  readonly inSession?: boolean;
  /** Redirects are answers, not followed. */
  readonly redirect?: 'manual';
  /** The cookies to go with, where there are several users of one server; otherwise those that all share. */
  readonly cookies?: Cookies | undefined;
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

/** A credential that a server refused, for the words to the user. */
export interface SentCredential {
  /** Who gave it: `--header`, the user info of the URL, the client in HTTP mode, or the sign-in. */
  readonly from: 'header' | 'url' | 'client' | 'sign-in';
  /** Of the header, as whoever gave it writes it. */
  readonly name: string;
  /** Undefined where the client should have sent one. */
  readonly value: string | undefined;
  /** What must not be repeated and no log knows of. */
  readonly secrets: readonly string[];
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: HttpBody;
  /** With 401 and 403 only: what the request proved its right with, where it did. */
  readonly credential?: SentCredential | undefined;
}

/**
 * Sends one HTTP request. Resolves with whatever response came, 4xx and 5xx included; rejects
 * with a ProxyError when none came. The joint between the transports and everything below
 * them: certificates, proxies, redirects, sign-in.
 */
export type Fetch = (request: HttpRequest) => Promise<HttpResponse>;

/** The contract that hides every socket to a server. */
import type { CancelSignal } from './cancel.ts';

/** Header names in lower case. A field that came several times is one value, joined by commas. */
type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The cookies of one origin that belong to one of its users. */
export interface Cookies {
  readonly empty: boolean;
  /** Stores the `Set-Cookie` fields of a response to a request for `path`. */
  take(fields: readonly string[], path: string): void;
  /** The `Cookie` value for a request for `path`, or undefined when there is nothing to send. */
  header(path: string): string | undefined;
}

/**
 * The purpose of a request. It decides whether a user may be asked to sign in for it, who hears
 * of its failure, and which connection it gets.
 */
export type Purpose =
  /** A message of the client, or one that the client waits for. */
  | 'call'
  /** Opens the event stream on which the server answers everything (HTTP+SSE); the client waits for it. */
  | 'connect'
  /**
   * The client asks what the server speaks. Hosts start copies only to ask this, and discard them
   * at once. So no user is asked to sign in, but the client is told that a sign-in is needed.
   */
  | 'discover'
  /** A request of the proxy that no client waits for, such as one that opens a lost session again. */
  | 'own'
  /** A message that has no answer. */
  | 'notification'
  /** Listens for messages outside the answers, or for the rest of one answer. */
  | 'stream'
  /** Ends a session. */
  | 'end'
  /** Finds out what is at a URL, for the proxy itself. */
  | 'probe'
  /** A step of a sign-in, at an authorization server or on the way to one. */
  | 'sign-in';

/** What a host name resolved to when it was checked. */
export interface Resolved {
  /** Without any, the name is not known here. */
  readonly addresses: readonly { readonly address: string; readonly family: number }[];
}

export interface HttpRequest {
  readonly purpose: Purpose;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Must not change after the request was sent: what is derived from it is derived once. */
  readonly url: URL;
  /** Must not change after the request was sent. For frequent requests, pass the same object each time. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: readonly Buffer[] | undefined;
  /** Aborting cuts the request at once, whatever its state. */
  readonly signal?: CancelSignal | undefined;
  /** Called with whether it waits for credentials now: a sign-in takes as long as its user needs. */
  readonly waits?: ((now: boolean) => void) | undefined;
  /** The request names a server session by an id that the server may have forgotten. */
  readonly inSession?: boolean | undefined;
  /** Returns redirects as answers instead of following them. */
  readonly redirect?: 'manual' | undefined;
  /** The cookies to send when one server has several users; left out: those that all users share. */
  readonly cookies?: Cookies | undefined;
  /**
   * The only addresses that a direct connection may go to. The name is not looked up again, because a name server may
   * give a different answer after the check (DNS rebinding).
   */
  readonly resolved?: Resolved | undefined;
  /** Running it twice does no harm, so a request that a stale connection lost may be sent again. */
  readonly repeatable: boolean;
}

/** The same request with other headers. Spelled out, because to copy an object costs a fifth of our work for a call. */
export function withHeaders(request: HttpRequest, headers: HttpRequest['headers']): HttpRequest {
  const { purpose, method, url, body, signal, inSession, redirect, cookies, repeatable } = request;
  return { purpose, method, url, headers, body, signal, inSession, redirect, cookies, repeatable };
}

export interface HttpBody {
  /** The most bytes that one message in it may have, if the user has set that. */
  readonly largest?: number | undefined;
  /**
   * Hands over the decoded body chunk by chunk; the next chunk waits for the sink's promise.
   * Resolves at the regular end. Rejects with a ProxyError when the body breaks off, and with
   * whatever the sink throws.
   */
  each(sink: (chunk: Buffer) => Promise<void> | undefined): Promise<void>;
  /** The whole body, if all of it has arrived, and it is not longer than `limit` bytes. Left out: wait for {@link bytes}. */
  arrived?(limit: number): Buffer | undefined;
  /** The whole body. Rejects with a ProxyError `limit` when it is longer than `limit` bytes. */
  bytes(limit: number): Promise<Buffer>;
  /** The first chunk that {@link each} handed over. Kept only of the answer to a message of the client. */
  readonly beginning?: Buffer | undefined;
  /** Closes the connection without reading on. */
  destroy(): void;
}

/** A credential that a server refused, for the message to the user. */
export interface SentCredential {
  /** Where it came from: `--header`, the user info of the URL, the client in HTTP mode, or the sign-in. */
  readonly from: 'header' | 'url' | 'client' | 'sign-in';
  /** Name of the header, spelled as its source spells it. */
  readonly name: string;
  /** Undefined where the client should have sent one. */
  readonly value: string | undefined;
  /** Secrets that must not be repeated and that the log does not know. */
  readonly secrets: readonly string[];
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: HttpBody;
  /** Only with 401 and 403: the credential that the request carried, if any. */
  readonly credential?: SentCredential | undefined;
}

/**
 * Sends one HTTP request. Resolves with any response, 4xx and 5xx included; rejects with a
 * ProxyError when none came. Joins the transports to everything below them: certificates,
 * proxies, redirects, sign-in.
 */
export type Fetch = (request: HttpRequest) => Promise<HttpResponse>;

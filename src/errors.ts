/**
 * Every error has one of these codes. One table gives the meaning of each at every edge: the exit
 * status of the program, and the JSON-RPC error.
 */

interface Meaning {
  readonly exit: 1 | 2;
  readonly rpc: number;
}

export type ErrorCode =
  | 'usage'
  | 'unreachable'
  | 'timeout'
  | 'failed'
  | 'unauthorized'
  | 'sign-in-needed'
  | 'no-sign-in'
  | 'port-taken'
  | 'cannot-listen'
  | 'no-common-version'
  | 'cannot-bridge'
  | 'bad-result'
  | 'limit'
  | 'invalid-request'
  | 'invalid-params'
  | 'internal';

const MEANINGS: Readonly<Record<ErrorCode, Meaning>> = {
  usage: { exit: 2, rpc: -32603 },
  unreachable: { exit: 1, rpc: -31001 },
  timeout: { exit: 1, rpc: -31002 },
  /** The upstream ended or failed before it answered; if the request may have run, `outcome` is `unknown`. */
  failed: { exit: 1, rpc: -31003 },
  /** The server or the authorization server refuses a credential, or a step of the sign-in. */
  unauthorized: { exit: 1, rpc: -31004 },
  /** The server asks for a sign-in, and a user must complete one first. */
  'sign-in-needed': { exit: 1, rpc: -31004 },
  /** The server asks for authorization, but does not say how to sign in. */
  'no-sign-in': { exit: 1, rpc: -31004 },
  /** The sign-in cannot receive its redirect: another program uses the port that the user chose. */
  'port-taken': { exit: 1, rpc: -31004 },
  /** HTTP mode: the address to listen on is not available. */
  'cannot-listen': { exit: 1, rpc: -32603 },
  'no-common-version': { exit: 1, rpc: -31005 },
  'cannot-bridge': { exit: 1, rpc: -31006 },
  'bad-result': { exit: 1, rpc: -31007 },
  limit: { exit: 1, rpc: -31008 },
  'invalid-request': { exit: 1, rpc: -32600 },
  'invalid-params': { exit: 1, rpc: -32602 },
  internal: { exit: 1, rpc: -32603 },
};

/** Details beyond the message; sent as `error.data` of a JSON-RPC error. */
export interface ErrorData {
  /** Status of the upstream's HTTP response. */
  readonly httpStatus?: number;
  /** The first 200 bytes of its body. */
  readonly body?: string;
  /** Seconds that the upstream asks the proxy to wait before it retries. */
  readonly retryAfter?: number;
  /** `unknown`: the request was sent and may have run. */
  readonly outcome?: 'unknown';
  /** What the user can do about it. */
  readonly hint?: string;
  /** The page where a user can sign in. The message contains it too; it is not a secret. */
  readonly signIn?: string;
  /** Protocol revisions that the other side speaks. */
  readonly supported?: readonly string[];
  readonly requested?: string;
  /** The capability that the client would have to declare, such as `elicitation.url`. */
  readonly required?: string;
}

/** An error of the proxy: what happened and where (the message), what to do (`data.hint`), the evidence (`cause`). */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code: ErrorCode;
  readonly data: ErrorData;

  constructor(code: ErrorCode, message: string, data: ErrorData = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.data = data;
  }

  get meaning(): Meaning {
    return MEANINGS[this.code];
  }
}

/**
 * The server speaks older revisions only. A bridge can serve the client anyway; without one, the client gets this error.
 */
export class LegacyOnly extends ProxyError {
  /** What a lenient server has answered nevertheless, as JSON text, to a request that must not run again. */
  readonly answer: { readonly result: Buffer } | { readonly error: Buffer } | undefined;

  constructor(message: string, data: ErrorData, answer?: LegacyOnly['answer']) {
    super('no-common-version', message, data);
    this.answer = answer;
  }
}

/**
 * What to tell when a file of this program cannot be loaded; undefined for any other error. Most likely the program was
 * updated or removed while it ran.
 */
export function brokenInstallation(error: unknown): string | undefined {
  if ((error as { code?: unknown } | undefined)?.code !== 'MODULE_NOT_FOUND') return undefined;
  const [file] = /'[^']+'/.exec((error as Error).message) ?? [''];
  return `a file of mcp-proxy is missing or damaged: ${file} (start it again; if that does not help, install it again)`;
}

/** A fault of this program. The log shows where; a client learns only that there was one. */
export class Unexpected extends ProxyError {
  constructor(cause: unknown) {
    super('internal', brokenInstallation(cause) ?? 'internal error, please report it', {}, cause);
  }

  /** The message with the place of the fault. */
  get report(): string {
    const { cause } = this;
    if (brokenInstallation(cause) !== undefined) return this.message;
    return `${this.message}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;
  }
}

/** The proxy itself ended the work: an error for the waiting client, but not a fault for the log. */
export class EndedByProxy extends ProxyError {}

/** The user is asked to sign in, and the log has the page: an error for the waiting client, but not a fault for the log. */
export class WaitsForUser extends ProxyError {}

/**
 * The server has no answer to `initialize`, because it speaks 2026-07-28. A bridge can serve the client anyway; without
 * one, the client gets this error.
 */
export class ModernOnly extends ProxyError {
  /** The server's answer to a `server/discover` on behalf of the client, as JSON text, if it was asked. */
  readonly discovered: Buffer | undefined;
  /** Whether only a memory says so: the server itself was not asked. */
  readonly remembered: boolean;
  /** What brings a new session to the state of the one that the server has lost, after `initialize`. */
  repeat: readonly { readonly method: string; readonly params?: Buffer }[] = [];

  constructor(
    message: string,
    data: ErrorData,
    known: { readonly discovered?: Buffer; readonly remembered?: true } = {},
  ) {
    super('no-common-version', message, data);
    this.discovered = known.discovered;
    this.remembered = known.remembered ?? false;
  }
}

/** The error for a request that was not sent, because what it waited for failed. Only that may have run. */
export function unsent(error: unknown): unknown {
  if (!(error instanceof ProxyError) || error.data.outcome === undefined) return error;
  const { outcome: _, ...data } = error.data;
  const Kind = error instanceof EndedByProxy ? EndedByProxy : ProxyError;
  return new Kind(error.code, error.message, { ...data, hint: UNSENT }, error);
}

const UNSENT = 'the request was not sent: you can safely send it again';

/**
 * The headers of a legacy Streamable HTTP session: what each kind of request carries in addition
 * to the user's own.
 */
import { POST_HEADERS, STREAM_HEADERS } from '../../mcp/headers.ts';

type HeaderValues = Readonly<Record<string, string>>;

const KINDS = {
  /** The `initialize` of a new session, even while there is an old one. */
  open: POST_HEADERS,
  post: POST_HEADERS,
  get: STREAM_HEADERS,
  delete: {},
} as const;

export type RequestKind = keyof typeof KINDS;

export class SessionHeaders {
  /** The id that the server gave the session, if any. */
  sessionId: string | undefined;
  /** Made once per session, because it is cheaper to send the same object again than an equal one. */
  #made = makeAll({});

  /** A session has begun. Ignores values that could not be in a header. */
  begin(sessionId: unknown, version: unknown): void {
    this.sessionId = headerValue(sessionId);
    const revision = headerValue(version);
    this.#made = makeAll({
      ...(this.sessionId !== undefined && { 'mcp-session-id': this.sessionId }),
      // The header is younger than the oldest revisions, but a server without sessions cannot
      // learn the revision otherwise.
      ...(revision !== undefined && { 'mcp-protocol-version': revision }),
    });
  }

  of(kind: RequestKind): HeaderValues {
    return this.#made[kind];
  }

  /** The headers of a GET that continues after an event. */
  resuming(lastEventId: string | undefined): HeaderValues {
    if (lastEventId === undefined) return this.of('get');
    // An event id may hold any character; a header holds bytes.
    return { ...this.of('get'), 'last-event-id': Buffer.from(lastEventId, 'utf8').toString('latin1') };
  }
}

function makeAll(session: HeaderValues): Record<RequestKind, HeaderValues> {
  return {
    open: KINDS.open,
    post: { ...KINDS.post, ...session },
    get: { ...KINDS.get, ...session },
    delete: { ...KINDS.delete, ...session },
  };
}

function headerValue(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) ? value : undefined;
}

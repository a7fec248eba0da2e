/** The HTTP requests that carry the messages of a legacy session. */
import type { CancelSignal } from '../../core/cancel.ts';
import type { HttpRequest, HttpResponse } from '../../core/fetch.ts';
import type { Frame } from '../../core/jsonrpc.ts';
import type { UpstreamContext } from '../context.ts';
import type { SessionHeaders } from './session-headers.ts';

/** How a message is sent. */
type SendOptions = Pick<HttpRequest, 'purpose' | 'repeatable'> & { readonly signal: CancelSignal };

export class SessionRequests {
  readonly #context: UpstreamContext;
  readonly #headers: SessionHeaders;

  constructor(context: UpstreamContext, headers: SessionHeaders) {
    this.#context = context;
    this.#headers = headers;
  }

  /** Sends a message. */
  post(kind: 'open' | 'post', body: Frame, how: SendOptions): Promise<HttpResponse> {
    const { url, fetch, cookies } = this.#context;
    const headers = this.#headers.of(kind);
    const inSession = kind === 'post' && this.#headers.sessionId !== undefined;
    const { purpose, signal, repeatable } = how;
    return fetch({ purpose, method: 'POST', url, headers, body, signal, inSession, repeatable, cookies });
  }

  /** Opens the stream for messages that belong to no request, or continues any stream after an event. */
  get(lastEventId: string | undefined, signal: CancelSignal): Promise<HttpResponse> {
    const { url, fetch, cookies } = this.#context;
    const headers = this.#headers.resuming(lastEventId);
    const inSession = this.#headers.sessionId !== undefined;
    return fetch({ purpose: 'stream', method: 'GET', url, headers, signal, inSession, repeatable: true, cookies });
  }
}

/** One event stream of HTTP+SSE, the endpoint that it names, and the messages that cross both ways. */
import type { Cancellation, CancelSignal } from '../../core/cancel.ts';
import type { HttpRequest, HttpResponse } from '../../core/fetch.ts';
import type { Frame } from '../../core/jsonrpc.ts';
import { showUrl } from '../../core/redact.ts';
import { SleepWatch, withLimit } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { STREAM_HEADERS } from '../../mcp/headers.ts';
import { Link, type Send } from '../../wire/link.ts';
import type { ReplyRoute } from '../../wire/reply-route.ts';
import type { SseEvent } from '../../wire/sse.ts';
import type { UpstreamContext } from '../context.ts';
import { type Deliveries, insistently } from '../deliveries.ts';
import { undelivered } from '../failure.ts';
import { refusal, UpstreamRefusal } from '../outcome.ts';
import { discard, mediaType, messagesIn, readEvents, startOfStream } from '../read-messages.ts';
import { endpointOf, notMcp } from './endpoint.ts';

/** How long the server may take to name its endpoint, in milliseconds. */
const ENDPOINT_LIMIT = 10_000;
/**
 * How long the server may take to accept a message, in milliseconds: some servers accept it only
 * when its work is done.
 */
const POST_LIMIT = 60 * 60_000;

const POST_HEADERS = { 'content-type': 'application/json' };

/** A connected stream: where to POST, and the correlation of what comes back. */
export interface SseStream {
  readonly link: Link;
  readonly close: Cancellation;
  readonly watch: SleepWatch;
}

export interface ChannelOptions {
  /** Closes the stream, also while it is being opened. */
  readonly close: Cancellation;
  /** Gives up the opening. */
  readonly signal: CancelSignal;
  /** Called when the server has sent an `endpoint` event. */
  readonly proven: () => void;
  /** Called when the stream has ended, with the milliseconds after which the server wants the next one. */
  readonly ended: (channel: SseStream, retry: number | undefined) => void;
  /** Called after a sleep of the machine, which the stream may not have survived. */
  readonly woken: (channel: SseStream) => void;
  /** Whether no client waits for the stream at the moment. */
  readonly unasked: () => boolean;
  /** Gets the messages that have no answer. */
  readonly deliveries: Deliveries;
}

/** Opens the stream. Rejects with a Refusal when the URL does not offer one. */
export async function openChannel(context: UpstreamContext, options: ChannelOptions): Promise<SseStream> {
  const { url, fetch, cookies } = context;
  const { close, signal, unasked } = options;
  const abandon = (): void => close.abort(signal.reason);
  signal.addEventListener('abort', abandon, { once: true });
  const late = notMcp(url, `it names no endpoint in ${ENDPOINT_LIMIT / 1000} s`);
  let timer: NodeJS.Timeout | undefined;
  const limit = (): void => {
    timer = setTimeout(() => close.abort(late), ENDPOINT_LIMIT);
  };
  limit();
  try {
    const response = await fetch({
      purpose: unasked() ? 'stream' : 'connect',
      method: 'GET',
      url,
      headers: STREAM_HEADERS,
      signal: close.signal,
      repeatable: true,
      cookies,
      waits(now) {
        clearTimeout(timer);
        // The server has not been silent: it has asked for a sign-in.
        if (!now) limit();
      },
    });
    if (response.status !== 200 || mediaType(response) !== 'text/event-stream') {
      // An event stream under another status never ends; anything else is short. The proxy has
      // not asked anything yet, so no body can be an answer.
      throw new UpstreamRefusal({ ...(await refusal(response, url)), reply: undefined });
    }
    return await connect(response, context, options);
  } catch (error) {
    const told = error instanceof UpstreamRefusal || error instanceof ProxyError;
    const reason = told || !(close.reason instanceof Error) ? error : close.reason;
    close.abort();
    throw reason;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abandon);
  }
}

/** Reads the stream; resolves when its first event has named the endpoint. */
function connect(
  response: HttpResponse,
  context: UpstreamContext,
  { close, proven, ended, woken, unasked, deliveries }: ChannelOptions,
): Promise<SseStream> {
  const { url, log, peer } = context;
  return new Promise((resolve, reject) => {
    let endpoint: URL | undefined;
    const send: Send = (frame, asking) => {
      const asked = unasked() ? 'own' : 'call';
      const purpose = asking === undefined ? 'notification' : asked;
      const sent = post(endpoint as URL, frame, context, { purpose, close: close.signal, asking });
      if (asking === undefined) deliveries.add(sent);
      return sent;
    };
    const way: ReplyRoute = {
      send,
      room: () => undefined,
      respond: (frame, reply) => {
        if (!frame) return;
        // The server asked nothing: this says that its message is malformed.
        if (!reply) return void send(frame)?.catch(() => {});
        const delivered = insistently(close.signal, () =>
          post(endpoint as URL, frame, context, { purpose: 'call', close: close.signal }),
        );
        deliveries.add(delivered);
        // The server does not say during which call it asked.
        delivered.catch((error) => link.giveUp(undelivered(error)));
      },
    };
    const link = new Link(send, {
      request: (exchange) => {
        const reply = peer.ask(exchange.call, exchange.signal);
        full = peer.room() ?? full;
        return reply;
      },
      notify: (call) => {
        full = peer.notify(call) ?? full;
      },
    });
    let full: Promise<void> | undefined;
    const position = startOfStream();
    const channel: SseStream = { link, close, watch: new SleepWatch(() => woken(channel)) };
    const onEvent = (event: SseEvent): Promise<void> | undefined => {
      if (!endpoint) {
        if (event.type === 'message' && event.data.length === 0) return undefined;
        if (event.type === 'endpoint') proven();
        endpoint = endpointOf(event, url);
        resolve(channel);
        return undefined;
      }
      if (event.type !== 'message' || event.data.length === 0) return undefined;
      full = undefined;
      for (const message of messagesIn(event.data, log)) link.receive(message, way);
      return full;
    };
    readEvents(response, position, onEvent)
      .then(
        () => new ProxyError('failed', `${showUrl(url)} ended its event stream`, { outcome: 'unknown' }),
        (error: unknown) => error,
      )
      .then((error) => {
        const reason =
          error instanceof ProxyError || error instanceof UpstreamRefusal
            ? error
            : new ProxyError('failed', 'the event stream was closed', { outcome: 'unknown' }, error);
        channel.watch.stop();
        ended(channel, position.retry);
        close.abort(reason);
        reject(reason);
        link.destroy(reason instanceof ProxyError ? reason : reason.outcome.error);
      });
  });
}

interface PostOptions extends Pick<HttpRequest, 'purpose'> {
  readonly close: CancelSignal;
  /** Aborted when the client cancels the message. */
  readonly asking?: CancelSignal | undefined;
}

async function post(
  url: URL,
  body: Frame,
  { fetch, cookies }: UpstreamContext,
  { purpose, close, asking }: PostOptions,
): Promise<void> {
  const sent = async (signal: CancelSignal): Promise<void> => {
    const response = await fetch({
      purpose,
      method: 'POST',
      url,
      headers: POST_HEADERS,
      body,
      signal,
      repeatable: false,
      cookies,
    });
    if (response.status >= 300) throw new UpstreamRefusal(await refusal(response, url));
    discard(response);
  };
  // A message that the client cancels while it waits for a sign-in must not be sent afterwards.
  await withLimit(POST_LIMIT, close, sent, asking);
}

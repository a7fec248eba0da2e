/** The client on standard input and output: newline-delimited JSON-RPC, both eras (specification, "stdio"). */

import type { CancelSignal } from '../../core/cancel.ts';
import type { Closable, Handler, Peer } from '../../core/exchange.ts';
import { asString, JsonError, peek } from '../../core/json.ts';
import {
  type Call,
  encodeBatch,
  encodeResponse,
  errorReply,
  type Frame,
  INVALID_REQUEST,
  type Message,
  PARSE_ERROR,
  type Reply,
} from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { atMost } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { MAX_DOWNSTREAM_MESSAGE, type ReceivedFrame, readEnds, readFrame } from '../../wire/frames.ts';
import { LineWriter } from '../../wire/line-writer.ts';
import { LineReader } from '../../wire/lines.ts';
import { Link, type LinkHandlers } from '../../wire/link.ts';
import { replyFrom } from '../../wire/replies.ts';
import { type Release, type ReplyRoute, releasing } from '../../wire/reply-route.ts';
import type { StdioStreams } from './streams.ts';

/** The only revision in which several messages may come as one array. */
const REVISION_WITH_BATCHES = '2025-03-26';

/** Bytes of notifications that may wait for a server that takes them slowly. */
const MAX_UNTAKEN = 4 * 1_048_576;

/** Bytes of requests that may wait for answers. */
const MAX_WAITING = 128 * 1_048_576;

export class StdioDownstream implements Peer, Closable {
  /** Resolves when the client is gone: its input has ended, or it no longer reads our output. */
  readonly ended: Promise<void>;
  readonly #streams: StdioStreams;
  readonly #log: Log;
  readonly #writer: LineWriter;
  #link: Link | undefined;
  /** Bytes of requests that wait for answers. */
  #waiting = 0;
  /** Bytes of notifications that the server has not taken yet. */
  #untaken = 0;
  /** Resolves when the server has taken the last of them. */
  #taken: Promise<void> | undefined;
  readonly #send = (frame: Frame): Promise<void> | undefined => this.#writer.write(frame);
  readonly #roomToSend = (): Promise<void> | undefined => this.#writer.room();
  #batches = false;
  #skipped = 0;

  constructor(streams: StdioStreams, log: Log) {
    this.#streams = streams;
    this.#log = log;
    this.#writer = new LineWriter(streams.output);
    this.ended = new Promise((resolve) => {
      streams.input.once('end', resolve);
      streams.input.once('close', resolve);
      streams.input.on('error', () => resolve());
      streams.output.once('error', () => resolve());
      streams.output.once('close', resolve);
    });
    // A closed pipe means that the client has gone. `ended` reports that, so this is not an exception.
    streams.output.on('error', () => {});
  }

  /** Starts reading. */
  start(handlers: LinkHandlers): void {
    const own: LinkHandlers = {
      request: this.#watchRevision(handlers.request),
      notify: (call) => this.#pass(call, handlers.notify(call)),
    };
    this.#link = new Link(this.#send, own, this.#roomToSend);
    const { input } = this.#streams;
    const reader = new LineReader(
      MAX_DOWNSTREAM_MESSAGE,
      (line) => this.#line(line),
      (head, tail) => this.#refuseLine(head, tail),
    );
    input.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      // Stop reading while the client is not reading answers, or the server not taking notifications.
      const room = this.#writer.room() ?? (this.#untaken < MAX_UNTAKEN ? undefined : this.#taken);
      if (!room) return;
      input.pause();
      room.then(() => input.resume());
    });
    input.once('end', () => reader.end());
    input.resume();
  }

  /** Counts a notification until the server has taken it. */
  #pass({ params }: Call, taken: unknown): void {
    if (!(taken instanceof Promise)) return;
    const size = params?.length ?? 0;
    this.#untaken += size;
    const done = (): void => {
      this.#untaken -= size;
    };
    this.#taken = taken.then(done, done);
  }

  notify(call: Call): Promise<void> | undefined {
    return this.#link?.notify(call);
  }

  ask(call: Call, signal: CancelSignal): Promise<Reply> {
    return (
      this.#link?.ask(call, signal) ?? Promise.reject(new ProxyError('internal', 'the client is not connected yet'))
    );
  }

  room(): Promise<void> | undefined {
    return this.#writer.room();
  }

  /** Whether the client no longer reads our output, so that waiting for answers is pointless. */
  get deaf(): boolean {
    return !this.#streams.output.writable;
  }

  get busy(): boolean {
    return this.#link?.busy ?? false;
  }

  /** Still reads: the server may ask the client something during a call. */
  close(limit: number): Promise<void> {
    return atMost(limit, this.#link?.idle() ?? Promise.resolve());
  }

  /** Stops reading as well. */
  destroy(reason: ProxyError): void {
    this.#streams.input.pause();
    this.#link?.destroy(reason);
  }

  /** Resolves when all answers are written. */
  flushed(): Promise<void> {
    return this.#writer.flushed();
  }

  #line(line: Buffer): void {
    const link = this.#link as Link;
    let frame: ReceivedFrame;
    try {
      frame = readFrame(line);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      this.#skip(line, error);
      return;
    }
    const { batch, messages } = frame;
    if (!batch) this.#receiveOne(frame, line.length);
    else if (this.#mayBatch(messages)) this.#receive(frame, line.length, (way) => link.receiveBatch(messages, way));
    else this.#refuse('null', errorReply(INVALID_REQUEST, `Invalid Request: no batch is allowed here`));
  }

  /** Passes on the only message of a line, and counts its bytes until it is answered. */
  #receiveOne(frame: ReceivedFrame, bytes: number): void {
    const link = this.#link as Link;
    const message = frame.messages[0] as Message;
    const release = message.kind === 'request' ? this.#claim(bytes) : undefined;
    if (release) link.receive(message, releasing(this.#send, this.#roomToSend, release));
    else if (message.kind !== 'request') link.receive(message);
    else this.#refuseWaiting(frame, [message.id]);
  }

  /** The same for the messages of a batch. */
  #receive({ batch, messages }: ReceivedFrame, bytes: number, receive: (way?: ReplyRoute) => void): void {
    const ids = messages.flatMap((message) => (message.kind === 'request' ? [message.id] : []));
    if (ids.length === 0) {
      receive();
      return;
    }
    const release = this.#claim(bytes);
    if (release) {
      receive(releasing(this.#send, this.#roomToSend, release));
      return;
    }
    this.#refuseWaiting({ batch, messages }, ids);
  }

  /** Refuses requests, because too much waits for answers already. */
  #refuseWaiting({ batch, messages }: ReceivedFrame, ids: readonly string[]): void {
    const limit = new ProxyError(
      'limit',
      `more than ${MAX_WAITING / 1_048_576} MiB of requests are waiting for answers`,
    );
    this.#log.warn(limit.message);
    for (const message of messages) if (message.kind !== 'request') (this.#link as Link).receive(message);
    const answers = ids.map((id) => encodeResponse(id, replyFrom(limit)));
    this.#writer.write(batch ? encodeBatch(answers) : (answers[0] as Frame));
  }

  /** Counts bytes until they are released. Undefined when that is too much; one message alone never is. */
  #claim(bytes: number): Release | undefined {
    if (this.#waiting > 0 && this.#waiting + bytes > MAX_WAITING) return undefined;
    this.#waiting += bytes;
    let claimed = true;
    return () => {
      if (claimed) this.#waiting -= bytes;
      claimed = false;
    };
  }

  #mayBatch(messages: readonly Message[]): boolean {
    const opens = messages.some((m) => m.kind === 'request' && m.call.method === 'initialize');
    return this.#batches && messages.length > 0 && !opens;
  }

  /** Handles a line that is not JSON: skips noise, and answers a broken message as JSON-RPC requires. */
  #skip(line: Buffer, error: JsonError): void {
    this.#skipped++;
    const told = `the client wrote a line that is no JSON-RPC message (${error.message}); ${this.#skipped} so far`;
    if (this.#skipped === 1) this.#log.warn(told);
    else this.#log.debug(told);
    const { id, asks } = readEnds(line, line);
    // An unreadable answer of the client still ends the wait of the server.
    if (!asks && id !== 'null') (this.#link as Link).receive({ kind: 'malformed', id, reason: error.message });
    else if (/^\s*[[{]/.test(line.toString('latin1', 0, 64))) {
      this.#refuse('null', errorReply(PARSE_ERROR, `Parse error: ${error.message}`));
    }
  }

  #refuseLine(head: Buffer, tail: Buffer): void {
    const limit = new ProxyError('limit', `a message is larger than ${MAX_DOWNSTREAM_MESSAGE / 1_048_576} MiB`);
    this.#log.warn(limit.message);
    const { id, asks } = readEnds(head, tail);
    if (asks) this.#refuse(id, replyFrom(limit));
    else (this.#link as Link).receive({ kind: 'malformed', id, reason: limit.message });
  }

  #refuse(id: string, reply: Reply): void {
    this.#writer.write(encodeResponse(id, reply));
  }

  /** Learns the revision of the session from the answer to `initialize`. */
  #watchRevision(next: Handler): Handler {
    return (exchange) => {
      const replied = next(exchange);
      if (exchange.call.method !== 'initialize') return replied;
      return replied.then((reply) => {
        if ('result' in reply) {
          this.#batches = asString(peek(reply.result, 'protocolVersion')) === REVISION_WITH_BATCHES;
        }
        return reply;
      });
    };
  }
}

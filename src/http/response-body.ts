/** Response bodies: read with back-pressure, unpacked, bounded, and truthful about how they ended. */

import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { CancelSignal } from '../core/cancel.ts';
import type { HttpBody, HttpRequest, Purpose } from '../core/fetch.ts';
import { excerpt, printable } from '../core/redact.ts';
import { type ErrorData, ProxyError } from '../errors.ts';
import { Gatherer } from '../wire/message-buffer.ts';
import { brokenConnection } from './connection-failure.ts';

/**
 * The response as a stream of plain bytes. The proxy asks for no compression, but some
 * middleboxes compress anyway.
 */
export async function unpacked(incoming: IncomingMessage): Promise<Readable> {
  const encoding = incoming.headers['content-encoding']?.toLowerCase();
  if (encoding === undefined || encoding === 'identity' || encoding === '') return incoming;
  const zlib = process.getBuiltinModule('node:zlib');
  // Flushing at every block lets events through as they come, not when a window is full.
  const flush = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH };
  const unpack = { gzip: zlib.createGunzip, 'x-gzip': zlib.createGunzip, deflate: zlib.createInflate };
  if (encoding === 'br') {
    const operation = {
      flush: zlib.constants.BROTLI_OPERATION_FLUSH,
      finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
    };
    return joined(incoming, zlib.createBrotliDecompress(operation));
  }
  if (encoding === 'gzip' || encoding === 'x-gzip' || encoding === 'deflate') {
    return joined(incoming, unpack[encoding](flush));
  }
  incoming.destroy();
  throw new ProxyError(
    'failed',
    `the upstream answered with an unknown content encoding (${JSON.stringify(printable(encoding, 40))})`,
    { ...(incoming.statusCode !== undefined && { httpStatus: incoming.statusCode }), outcome: 'unknown' },
  );
}

function joined<T extends NodeJS.WritableStream & Readable>(incoming: IncomingMessage, unpack: T): T {
  incoming.on('error', (error) => unpack.destroy(error));
  incoming.on('close', () => {
    if (!incoming.complete) unpack.destroy(brokenOff());
  });
  if (incoming.destroyed) unpack.destroy(brokenOff());
  return incoming.pipe(unpack);
}

function brokenOff(): Error {
  return Object.assign(new Error('the connection closed in the middle of the response'), { code: 'ECONNRESET' });
}

const EMPTY = Buffer.alloc(0);
/** Requests whose errors show the response. Others may get secrets that no redactor knows yet, such as new tokens. */
const TOLD: ReadonlySet<Purpose> = new Set(['call', 'discover']);

export class ResponseBody implements HttpBody {
  readonly #stream: Readable;
  readonly #incoming: IncomingMessage;
  readonly #close: () => void;
  readonly #url: URL;
  readonly #purpose: Purpose;
  readonly #signal: CancelSignal | undefined;
  readonly largest: number | undefined;
  beginning: Buffer | undefined;

  constructor(stream: Readable, incoming: IncomingMessage, close: () => void, request: HttpRequest, largest?: number) {
    this.#stream = stream;
    this.#incoming = incoming;
    this.#close = close;
    this.#url = request.url;
    this.#purpose = request.purpose;
    this.#signal = request.signal;
    this.largest = largest;
  }

  each(sink: (chunk: Buffer) => Promise<void> | undefined): Promise<void> {
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      let failed = false;
      const fail = (error: unknown): void => {
        if (failed) return;
        failed = true;
        this.destroy();
        // An abort cuts the connection; the reason of the abort says more than the cut.
        if (this.#signal?.aborted) reject(this.#signal.reason);
        else reject(error instanceof ProxyError ? error : brokenConnection(error as Error, this.#url, this.#known()));
      };
      stream.on('data', (chunk: Buffer) => {
        // Chunks that were in flight when the sink threw.
        if (failed) return;
        if (TOLD.has(this.#purpose)) this.beginning ??= chunk;
        try {
          const full = sink(chunk);
          if (!full) return;
          stream.pause();
          full.then(() => stream.resume(), fail);
        } catch (error) {
          failed = true;
          this.destroy();
          reject(error);
        }
      });
      stream.on('end', resolve);
      stream.on('error', fail);
      stream.on('close', () => {
        if (!stream.readableEnded) fail(brokenOff());
      });
      if (stream.destroyed && !stream.readableEnded) fail(stream.errored ?? brokenOff());
    });
  }

  /** What an error can say about the response. */
  #known(): ErrorData {
    const { statusCode: httpStatus } = this.#incoming;
    if (httpStatus === undefined || !TOLD.has(this.#purpose)) return {};
    return { httpStatus, ...(this.beginning && { body: excerpt(this.beginning) }) };
  }

  /** A small response is complete by now, so there is no need to wait for it chunk by chunk. */
  arrived(limit: number): Buffer | undefined {
    const incoming = this.#incoming;
    const isWhole = this.#stream === incoming && incoming.complete && !incoming.destroyed;
    return isWhole && incoming.readableLength <= limit ? ((incoming.read() as Buffer | null) ?? EMPTY) : undefined;
  }

  async bytes(limit: number): Promise<Buffer> {
    const arrived = this.arrived(limit);
    if (arrived) return arrived;
    const announced = Number(this.#incoming.headers['content-length']);
    const known = this.#stream === this.#incoming && announced > 0 && announced <= limit;
    const gathered = new Gatherer({ expected: known ? announced : 0, owned: true });
    await this.each((chunk) => {
      if (gathered.size + chunk.length > limit) {
        throw new ProxyError('limit', `the response is larger than ${limit} bytes`);
      }
      gathered.add(chunk);
      return undefined;
    });
    return gathered.take();
  }

  destroy(): void {
    this.#close();
    this.#stream.destroy();
    this.#incoming.destroy();
  }
}

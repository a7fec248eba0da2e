/** Server-sent events, both directions (https://html.spec.whatwg.org/multipage/server-sent-events.html). */

import type { Frame } from '../core/jsonrpc.ts';
import { asLine } from './lines.ts';
import { Gatherer } from './message-buffer.ts';

export interface SseEvent {
  /** The event type; `message` unless the stream named another. */
  readonly type: string;
  /** The data, lines joined by newlines. Empty data is reported too: it carries ids and retry times. */
  readonly data: Buffer;
  /** The last event id of the stream so far, or undefined when none was ever set. */
  readonly id: string | undefined;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const EMPTY = Buffer.alloc(0);

const DATA = Buffer.from('data');
const EVENT = Buffer.from('event');
const ID = Buffer.from('id');
const RETRY = Buffer.from('retry');
const FIELDS = [DATA, EVENT, ID, RETRY];

/** Whether the line between two offsets is the named field. Compares in place, because small events are many. */
function isField(name: Buffer, line: Buffer, at: number, end: number): boolean {
  const after = at + name.length;
  if (after > end || (after < end && line[after] !== COLON)) return false;
  for (let i = 0; i < name.length; i++) if (line[at + i] !== name[i]) return false;
  return true;
}

/** An event grew past the limit; the stream cannot be trusted after it. */
export class EventTooLarge extends Error {
  override readonly name = 'EventTooLarge';
}

/**
 * Parses an event stream from byte chunks, cut anywhere. Data stays bytes, so a character that is
 * split between two chunks is never broken, and one large data line is never copied twice.
 */
export class SseParser {
  readonly #limit: number;
  readonly #event: (event: SseEvent) => void;
  /** Milliseconds that the server asked clients to wait before they reconnect, if it did. */
  retry: number | undefined;
  readonly #line = new Gatherer({ owned: true });
  #size = 0;
  #data: Buffer[] = [];
  #type = '';
  #id: string | undefined;
  #sawField = false;
  #first = true;
  #afterCr = false;

  /** @param limit largest event accepted, in bytes. */
  constructor(limit: number, event: (event: SseEvent) => void) {
    this.#limit = limit;
    this.#event = event;
  }

  /** Takes a chunk that nobody else reads. Throws {@link EventTooLarge}. */
  push(chunk: Buffer): void {
    let at = 0;
    if (this.#afterCr && chunk.length > 0) {
      this.#afterCr = false;
      if (chunk[0] === LF) at = 1;
    }
    // Both searches are native. Most streams never hold a CR, so it is searched for only once per chunk.
    let cr = chunk.indexOf(CR, at);
    let lf = chunk.indexOf(LF, at);
    while (cr !== -1 || lf !== -1) {
      const isCr = cr !== -1 && (lf === -1 || cr < lf);
      const end = isCr ? cr : lf;
      this.#endLine(chunk, at, end);
      at = end + 1;
      if (isCr) {
        if (at === chunk.length) this.#afterCr = true;
        else if (chunk[at] === LF) at++;
        cr = chunk.indexOf(CR, at);
      }
      if (lf !== -1 && lf < at) lf = chunk.indexOf(LF, at);
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at));
  }

  #keep(piece: Buffer): void {
    this.#count(piece.length);
    this.#line.add(piece);
  }

  #count(bytes: number): void {
    this.#size += bytes;
    if (this.#size > this.#limit) throw new EventTooLarge(`an event is larger than ${this.#limit} bytes`);
  }

  /** Ends the line whose last piece lies between two offsets of a chunk. */
  #endLine(chunk: Buffer, from: number, to: number): void {
    let [line, at, end] = [chunk, from, to];
    if (this.#line.size === 0) {
      this.#count(to - from);
    } else {
      this.#keep(chunk.subarray(from, to));
      line = this.#line.take();
      at = 0;
      end = line.length;
    }
    if (this.#first) {
      this.#first = false;
      if (line[at] === 0xef && line[at + 1] === 0xbb && line[at + 2] === 0xbf) at += 3;
    }
    if (at === end) this.#dispatch();
    else this.#field(line, at, end);
  }

  #field(line: Buffer, at: number, end: number): void {
    const name = FIELDS.find((field) => isField(field, line, at, end));
    if (!name) {
      // A comment is not part of an event: a stream of nothing but heartbeats must not reach the limit.
      if (line[at] === COLON && !this.#sawField) this.#size = 0;
      return;
    }
    let start = Math.min(end, at + name.length + 1);
    if (start < end && line[start] === SPACE) start++;
    switch (name) {
      case DATA:
        this.#data.push(line.subarray(start, end));
        break;
      case EVENT:
        this.#type = line.toString('utf8', start, end);
        break;
      case ID: {
        const id = line.toString('utf8', start, end);
        if (!id.includes('\0')) this.#id = id;
        break;
      }
      case RETRY: {
        const value = line.toString('latin1', start, end);
        if (/^\d+$/.test(value)) this.retry = Math.min(Number(value), Number.MAX_SAFE_INTEGER);
        break;
      }
    }
    this.#sawField = true;
  }

  #dispatch(): void {
    const lines = this.#data;
    const type = this.#type || 'message';
    const saw = this.#sawField;
    this.#data = [];
    this.#type = '';
    this.#sawField = false;
    this.#size = 0;
    if (saw) this.#event({ type, data: joinLines(lines), id: this.#id });
  }
}

function joinLines(lines: readonly Buffer[]): Buffer {
  if (lines.length === 0) return EMPTY;
  if (lines.length === 1) return lines[0] as Buffer;
  return Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [Buffer.from('\n'), line])));
}

/** The fields that an event may have in addition to its data. */
export interface EventFields {
  readonly id?: string | undefined;
  readonly type?: string;
  /** Milliseconds. */
  readonly retry?: number;
}

/** A frame as one event. */
export function encodeEvent(frame: Frame, { id, type, retry }: EventFields): Frame {
  const fields = [
    id === undefined ? '' : `id: ${id}\n`,
    type === undefined ? '' : `event: ${type}\n`,
    retry === undefined ? '' : `retry: ${retry}\n`,
  ];
  const head = Buffer.from(`${fields.join('')}data: `);
  const line = asLine(frame);
  if (line.length === 1) return [Buffer.concat([head, line[0] as Buffer, END_OF_EVENT])];
  return [head, ...line, END_OF_EVENT];
}

/** The newline after the one that ends the data. */
const END_OF_EVENT = Buffer.from('\n');

/** An empty comment, so that the connection is not taken for a dead one. */
export const COMMENT = Buffer.from(':\n\n');

/** Server-sent events, both directions (https://html.spec.whatwg.org/multipage/server-sent-events.html). */

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

/** An event grew past the limit; the stream cannot be trusted after it. */
export class EventTooLarge extends Error {
  override readonly name = 'EventTooLarge';
}

/**
 * Parses an event stream from byte chunks, cut anywhere. Data stays bytes, so a character that
 * is split between two chunks is never broken, and one large data line is never copied twice.
 */
export class SseParser {
  readonly #limit: number;
  readonly #event: (event: SseEvent) => void;
  /** Milliseconds the server asked to wait before a reconnect, when it did. */
  retry: number | undefined;
  #line: Buffer[] = [];
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

  /** Throws {@link EventTooLarge}. */
  push(chunk: Buffer): void {
    let at = 0;
    if (this.#afterCr && chunk.length > 0) {
      this.#afterCr = false;
      if (chunk[0] === LF) at = 1;
    }
    // Both searches are native; most streams never hold a CR, and then it is searched for once a chunk.
    let cr = chunk.indexOf(CR, at);
    let lf = chunk.indexOf(LF, at);
    while (cr !== -1 || lf !== -1) {
      const isCr = cr !== -1 && (lf === -1 || cr < lf);
      const end = isCr ? cr : lf;
      this.#keep(chunk.subarray(at, end));
      this.#endLine();
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
    this.#size += piece.length;
    if (this.#size > this.#limit) throw new EventTooLarge(`an event is larger than ${this.#limit} bytes`);
    if (piece.length > 0) this.#line.push(piece);
  }

  #endLine(): void {
    let line = this.#line.length === 1 ? (this.#line[0] as Buffer) : Buffer.concat(this.#line);
    this.#line = [];
    if (this.#first) {
      this.#first = false;
      if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3);
    }
    if (line.length === 0) this.#dispatch();
    else this.#field(line);
  }

  #field(line: Buffer): void {
    const colon = line.indexOf(COLON);
    if (colon === 0) {
      // A comment is no part of an event: a stream of nothing but heartbeats must not reach the limit.
      if (!this.#sawField) this.#size = 0;
      return;
    }
    const name = line.toString('utf8', 0, colon === -1 ? line.length : colon);
    const start = colon === -1 ? line.length : line[colon + 1] === SPACE ? colon + 2 : colon + 1;
    switch (name) {
      case 'data':
        this.#data.push(line.subarray(start));
        break;
      case 'event':
        this.#type = line.toString('utf8', start);
        break;
      case 'id':
        if (line.indexOf(0, start) === -1) this.#id = line.toString('utf8', start);
        break;
      case 'retry': {
        const value = line.toString('latin1', start);
        if (/^\d{1,9}$/.test(value)) this.retry = Number(value);
        break;
      }
      default:
        return;
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

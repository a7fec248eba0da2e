/** The browsers that show the page: each gets the parts that have changed, as server-sent events. */
import type { ServerResponse } from 'node:http';

/** Browsers that may listen at a time. */
export const MAX_LISTENERS = 32;
/** How long a stream may be silent before it sends a sign of life, in milliseconds. */
const SILENCE = 15_000;
const COMMENT = ':\n\n';

export interface PageParts {
  readonly title: string;
  /** HTML by the ids of elements. */
  readonly parts: ReadonlyMap<string, string>;
}

export class PageListener {
  /** What makes its page differ from those of others. */
  readonly place: string;
  readonly #res: ServerResponse;
  readonly #sent = new Map<string, string>();
  #title: string | undefined;
  #lastWrite = Date.now();

  constructor(res: ServerResponse, place: string) {
    this.#res = res;
    this.place = place;
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    res.flushHeaders();
  }

  /** Sends what has changed. A browser that does not read gets nothing, and later what is there then. */
  send({ title, parts }: PageParts, now: number): void {
    const res = this.#res;
    if (res.destroyed || res.writableEnded || res.writableNeedDrain) return;
    const events: string[] = [];
    if (title !== this.#title) events.push(event('title', title));
    this.#title = title;
    for (const [id, html] of parts) {
      if (this.#sent.get(id) === html) continue;
      this.#sent.set(id, html);
      events.push(event('part', html));
    }
    if (events.length === 0 && now - this.#lastWrite < SILENCE) return;
    this.#lastWrite = now;
    res.write(events.length === 0 ? COMMENT : events.join(''));
  }

  end(): void {
    this.#res.end();
  }
}

/** JSON has no line breaks. */
function event(name: string, value: string): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}

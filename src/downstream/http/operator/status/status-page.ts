/**
 * The status page over HTTP: the document, the stream of its changes, and the one thing that a reader can do. Loaded
 * when somebody asks for it. The router has admitted the requests.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Log } from '../../../../core/ports.ts';
import { ProxyError, Unexpected } from '../../../../errors.ts';
import { partsOf, STATUS_HEADERS, statusDocument } from './document.ts';
import type { StatusSource } from './facts.ts';
import { MAX_LISTENERS, PageListener, type PageParts } from './listeners.ts';
import { headline } from './overview.ts';
import type { PageAddress, SeenAddress } from './page-address.ts';

/** Milliseconds between two looks at everything, while somebody listens. */
const EVERY = 1_000;

export class StatusPage {
  readonly #source: StatusSource;
  readonly #log: Log;
  readonly #token = randomBytes(16).toString('hex');
  readonly #listeners = new Map<PageListener, PageAddress>();
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;
  #pushing = false;
  #again = false;
  #closed = false;

  constructor(source: StatusSource, log: Log) {
    this.#source = source;
    this.#log = log;
  }

  /** The document. */
  async document(res: ServerResponse, place: SeenAddress): Promise<void> {
    const facts = await this.#source.facts(true);
    const body = Buffer.from(statusDocument(facts, { ...place, token: this.#token }));
    const type = 'text/html; charset=utf-8';
    res.writeHead(200, { ...STATUS_HEADERS, 'content-type': type, 'content-length': body.length }).end(body);
  }

  /** The stream of changes. Returns whether there is room for one more reader. */
  events(res: ServerResponse, place: SeenAddress): boolean {
    if (this.#listeners.size >= MAX_LISTENERS || this.#closed) return false;
    const listener = new PageListener(res, JSON.stringify(place));
    this.#listeners.set(listener, { ...place, token: this.#token });
    res.once('close', () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#rest();
    });
    this.#timer ??= setInterval(() => this.#push(), EVERY);
    this.#timer.unref();
    this.#unwatch ??= this.#source.watch(() => this.#push());
    this.#push();
    return true;
  }

  /** Accepts the change of a tool, as the form of the page says. */
  async accept(res: ServerResponse, form: string): Promise<void> {
    const fields = new URLSearchParams(form);
    const field = (name: string): string => fields.get(name) ?? '';
    if (!this.#isToken(field('token'))) {
      return answer(res, 403, 'The proxy has restarted. Reload this page.');
    }
    const change = { server: field('server'), digest: field('digest') };
    try {
      const accepted = await this.#source.accept(change);
      this.#push();
      if (accepted) answer(res, 200);
      else answer(res, 409, 'The tool has changed again. Read the new change first.');
    } catch (error) {
      const { message } = error instanceof ProxyError ? error : { message: 'internal error, see the log' };
      answer(res, 500, message);
    }
  }

  close(): void {
    this.#closed = true;
    for (const listener of this.#listeners.keys()) listener.end();
    this.#rest();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #isToken(given: string): boolean {
    const [one, other] = [Buffer.from(given), Buffer.from(this.#token)];
    return one.length === other.length && timingSafeEqual(one, other);
  }

  /** Sends everybody what has changed; one look at a time. */
  #push(): void {
    if (this.#pushing) {
      this.#again = true;
      return;
    }
    if (this.#listeners.size === 0) return;
    this.#pushing = true;
    this.#look()
      .catch((error: unknown) => this.#log.error(new Unexpected(error).report))
      .finally(() => {
        this.#pushing = false;
        if (!this.#again) return;
        this.#again = false;
        this.#push();
      });
  }

  async #look(): Promise<void> {
    const facts = await this.#source.facts(false);
    const title = `${headline(facts.servers).text} – mcp-proxy`;
    // Most often all of them see the page at the same place.
    const rendered = new Map<string, PageParts>();
    for (const [listener, place] of this.#listeners) {
      const known = rendered.get(listener.place) ?? { title, parts: partsOf(facts, place) };
      rendered.set(listener.place, known);
      listener.send(known, facts.now);
    }
  }
}

/** A browser without the script goes back to the page. */
function answer(res: ServerResponse, status: number, error?: string): void {
  if (res.destroyed) return;
  const wantsJson = /application\/json/.test(res.req.headers.accept ?? '');
  if (!wantsJson && error === undefined) {
    res.writeHead(303, { location: '../', 'content-length': 0, 'cache-control': 'no-store' }).end();
    return;
  }
  const body = Buffer.from(wantsJson ? JSON.stringify({ error }) : `${error}\n`);
  const type = wantsJson ? 'application/json' : 'text/plain; charset=utf-8';
  res
    .writeHead(status, {
      'content-type': type,
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(body);
}

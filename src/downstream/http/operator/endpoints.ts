/** Endpoints for operators: liveness, readiness, metrics, and a page for browsers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkOwnPage } from '../access.ts';
import { type BrowserService, type OperatorService, placeOf } from '../paths.ts';
import { type MaybeRefused, type Refusal, refused, sendPage } from '../refusal.ts';
import { Bodies, GONE } from '../request-body.ts';
import type { Readiness } from './readiness-facts.ts';
import type { StatusPage } from './status/status-page.ts';

export interface OperationOptions {
  /** The URL of the server, in a form that is safe to show. */
  readonly server: string;
  readonly ready: () => Promise<Readiness>;
  /** Whether the proxy is about to end: load balancers then choose another one. */
  readonly ending: () => boolean;
  readonly metrics: () => Promise<{ readonly type: string; readonly body: string }>;
  /** Loads the status page. */
  readonly status: () => Promise<StatusPage>;
}

/** How long a readiness check stays valid, in milliseconds: load balancers ask often. */
const FRESH = 5_000;

/** Bytes of a form of the status page. */
const MAX_FORM = 16_384;
const NO_FORM = refused(415, 'Content-Type must be application/x-www-form-urlencoded');
const TOO_MANY = refused(503, 'too many browsers show this page; close some of them', { 'retry-after': '30' });

interface Audience {
  readonly known: boolean;
}

export class Operation {
  readonly #options: OperationOptions;
  #looked: { readonly at: number; readonly readiness: Promise<Readiness> } | undefined;

  readonly #forms = new Bodies(MAX_FORM);
  /** Undefined until somebody asks for it. */
  #status: Promise<StatusPage> | undefined;

  constructor(options: OperationOptions) {
    this.#options = options;
  }

  /** @param audience.known whether the sender of the request may learn more than yes or no. */
  serve(service: OperatorService, res: ServerResponse, audience: Audience): void {
    switch (service) {
      case 'health':
        json(res, 200, { status: 'ok' });
        break;
      case 'readiness':
        this.#readiness(res, audience);
        break;
      case 'metrics':
        this.#metrics(res);
        break;
    }
  }

  /** Tells a browser at an endpoint of clients which server this is and how to use it. */
  async home(res: ServerResponse, status: number, client: string): Promise<undefined> {
    const { server } = this.#options;
    const [{ homePage }, readiness] = await Promise.all([import('./home-page.ts'), this.#look()]);
    sendPage(res, status, homePage({ server, client, readiness }));
  }

  /** Shows a browser the status page. */
  async page(req: IncomingMessage, res: ServerResponse): Promise<undefined> {
    const page = await this.#loaded();
    await page.document(res, placeOf(req));
  }

  /** Serves what the status page asks for. */
  browse(req: IncomingMessage, res: ServerResponse, service: BrowserService): MaybeRefused {
    if (service === 'events') return this.#events(req, res);
    const foreign = checkOwnPage(req.headers);
    if (foreign) return foreign;
    if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(req.headers['content-type'] ?? '')) return NO_FORM;
    return new Promise((resolve, reject) => {
      this.#forms.read(req, res, (body) => {
        if (body === GONE) resolve(undefined);
        else if (Buffer.isBuffer(body)) this.#accept(res, body.toString('utf8')).then(resolve, reject);
        else resolve(body);
      });
    });
  }

  async #events(req: IncomingMessage, res: ServerResponse): Promise<Refusal | undefined> {
    const page = await this.#loaded();
    return res.destroyed || page.events(res, placeOf(req)) ? undefined : TOO_MANY;
  }

  async #accept(res: ServerResponse, form: string): Promise<undefined> {
    const page = await this.#loaded();
    await page.accept(res, form);
  }

  /** Ends the streams of pages. */
  close(): void {
    this.#status?.then(
      (page) => page.close(),
      () => {},
    );
  }

  #loaded(): Promise<StatusPage> {
    this.#status ??= this.#options.status();
    return this.#status;
  }

  #look(): Promise<Readiness> {
    const now = Date.now();
    if (!this.#looked || now - this.#looked.at >= FRESH) this.#looked = { at: now, readiness: this.#options.ready() };
    return this.#looked.readiness;
  }

  #readiness(res: ServerResponse, { known }: Audience): void {
    this.#look().then(
      ({ reachable, unreachable, signInNeeded, signInUrl: url, userCode, reason, store }) => {
        const ready = reachable && !signInNeeded && !this.#options.ending();
        const details = {
          upstream: { reachable, reason: unreachable },
          signIn: { needed: signInNeeded, url, userCode, reason },
          ...(store && {
            store: { reachable: store.trouble === undefined, reason: store.trouble, replicas: store.replicas.count },
          }),
        };
        json(res, ready ? 200 : 503, { ready, ...(known && details) });
      },
      () => json(res, 503, { ready: false }),
    );
  }

  #metrics(res: ServerResponse): void {
    this.#options.metrics().then(
      ({ type, body }) => send(res, 200, type, body),
      () => json(res, 500, { error: 'the metrics could not be written' }),
    );
  }
}

function json(res: ServerResponse, status: number, value: unknown): void {
  send(res, status, 'application/json', `${JSON.stringify(value)}\n`);
}

function send(res: ServerResponse, status: number, type: string, text: string): void {
  const body = Buffer.from(text);
  res.writeHead(status, { 'content-type': type, 'content-length': body.length, 'cache-control': 'no-store' });
  res.end(body);
}

/** Endpoints for operators: liveness, readiness, metrics, and a page for browsers. */
import type { ServerResponse } from 'node:http';
import type { OperatorService } from '../paths.ts';
import { sendPage } from '../refusal.ts';
import { homePage, refusalPage } from './home-page.ts';
import type { Readiness } from './readiness-facts.ts';

export interface OperationOptions {
  /** The URL of the server, in a form that is safe to show. */
  readonly server: string;
  readonly ready: () => Promise<Readiness>;
  readonly metrics: () => Promise<{ readonly type: string; readonly body: string }>;
}

/** How long a readiness check stays valid, in milliseconds: load balancers ask often. */
const FRESH = 5_000;

interface Audience {
  readonly known: boolean;
}

export class Operation {
  readonly #options: OperationOptions;
  #looked: { readonly at: number; readonly readiness: Promise<Readiness> } | undefined;

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

  /** Shows a browser which server this is and how to use it. */
  home(res: ServerResponse, status: number, client: string): void {
    const { server } = this.#options;
    this.#look().then(
      (readiness) => sendPage(res, status, homePage({ server, client, readiness })),
      () => sendPage(res, 500, refusalPage(500, 'internal error, see the log')),
    );
  }

  #look(): Promise<Readiness> {
    const now = Date.now();
    if (!this.#looked || now - this.#looked.at >= FRESH) this.#looked = { at: now, readiness: this.#options.ready() };
    return this.#looked.readiness;
  }

  #readiness(res: ServerResponse, { known }: Audience): void {
    this.#look().then(
      ({ reachable, unreachable, signInNeeded, signInUrl: url, userCode, reason }) => {
        const ready = reachable && !signInNeeded;
        const details = {
          upstream: { reachable, reason: unreachable },
          signIn: { needed: signInNeeded, url, userCode, reason },
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

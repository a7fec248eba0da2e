/** What whoever operates the proxy asks it: whether it lives, whether it is of use, what it has done. */
import type { ServerResponse } from 'node:http';

/** How the server is to be reached now. */
export interface Readiness {
  readonly reachable: boolean;
  /** Whether the server asks for a sign-in that is still to be done. */
  readonly signInNeeded: boolean;
  /** Where to do it. */
  readonly signInUrl?: string | undefined;
  /** What to enter there, with the device grant. */
  readonly userCode?: string | undefined;
  /** Why a sign-in that was begun came to nothing. */
  readonly reason?: string | undefined;
}

export interface OperationOptions {
  readonly ready: () => Promise<Readiness>;
  readonly metrics: () => Promise<{ readonly type: string; readonly body: string }>;
}

const PATHS = ['/healthz', '/readyz', '/metrics'] as const;
type OperationalPath = (typeof PATHS)[number];

export function isOperational(path: string): path is OperationalPath {
  return (PATHS as readonly string[]).includes(path);
}

/** How long a look at the server counts, in milliseconds: balancers ask often. */
const FRESH = 5_000;

export class Operation {
  readonly #options: OperationOptions;
  #looked: { readonly at: number; readonly readiness: Promise<Readiness> } | undefined;

  constructor(options: OperationOptions) {
    this.#options = options;
  }

  /** @param known whether whoever asks may know more than yes or no. */
  serve(path: OperationalPath, res: ServerResponse, known: boolean): void {
    switch (path) {
      case '/healthz':
        json(res, 200, { status: 'ok' });
        break;
      case '/readyz':
        this.#readiness(res, known);
        break;
      case '/metrics':
        this.#metrics(res);
        break;
    }
  }

  #readiness(res: ServerResponse, known: boolean): void {
    const now = Date.now();
    if (!this.#looked || now - this.#looked.at >= FRESH) this.#looked = { at: now, readiness: this.#options.ready() };
    this.#looked.readiness.then(
      ({ reachable, signInNeeded, signInUrl: url, userCode, reason }) => {
        const ready = reachable && !signInNeeded;
        const details = {
          upstream: { reachable },
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

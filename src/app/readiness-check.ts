/** Whether the proxy is ready: the server can be reached, and accepts the proxy. */

import type { Readiness } from '../downstream/http/operator/readiness-facts.ts';
import { type Reached, reach } from '../upstream/detection/reachability.ts';
import type { Local, Shared } from './server.ts';

/** Pauses between checks of a server that could not be reached at startup, in milliseconds. The last one repeats. */
const PAUSES = [1_000, 2_000, 5_000, 15_000, 60_000];

export class Ready {
  readonly #shared: Shared;
  /** Clients send their own credentials, so the server rightly refuses a request without them. */
  readonly #clientsSignIn: boolean;
  /** Why the last sign-in failed. */
  #reason: string | undefined;
  #closed = false;
  /** Why the last check could not reach the server. */
  #unreachable: string | undefined;

  constructor(shared: Shared, { clientsSignIn }: { readonly clientsSignIn: boolean }) {
    this.#shared = shared;
    this.#clientsSignIn = clientsSignIn;
  }

  /**
   * Checks the server. Never rejects.
   * @param begins whether to start a sign-in where one is needed
   */
  async look(begins = true): Promise<Readiness> {
    const { fetch, server, auth, local } = this.#shared;
    if (server.kind === 'stdio') return this.#lookAtProgram(local as Local);
    const { kind, error = 'the server does not answer', hint } = await reach(fetch, server.url);
    this.#tell(kind === 'unreachable' ? `${error}${hint === undefined ? '' : ` (${hint})`}` : undefined);
    const needed = kind === 'closed' && !this.#clientsSignIn;
    if (!needed) this.#reason = undefined;
    // Start it here: a load balancer sends no client to an instance that is not ready, so no request would.
    else if (begins && auth && auth.state.pending === undefined)
      reach(fetch, server.url, 'call').then((tried) => this.#note(tried));
    const pending = auth?.state.pending;
    return {
      reachable: kind !== 'unreachable',
      unreachable: this.#unreachable,
      signInNeeded: needed,
      signInUrl: pending?.url,
      userCode: pending?.userCode,
      reason: this.#reason,
    };
  }

  /** Checks a local server without a start: processes belong to clients. */
  async #lookAtProgram(local: Local): Promise<Readiness> {
    this.#tell(await local.look());
    return { reachable: this.#unreachable === undefined, unreachable: this.#unreachable, signInNeeded: false };
  }

  /** Checks again and again until the server can be reached once. */
  lookUntilReached(): { stop(): void } {
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    const again = async (round: number): Promise<void> => {
      const { reachable } = await this.look();
      if (reachable || stopped) return;
      timer = setTimeout(() => again(round + 1), PAUSES[Math.min(round, PAUSES.length - 1)]);
    };
    again(0);
    return {
      stop() {
        stopped = true;
        clearTimeout(timer);
      },
    };
  }

  /** Stops the warnings: from now on, failures only mean that the proxy is ending. */
  close(): void {
    this.#closed = true;
  }

  /** Logs each outage once, however many checks see it. */
  #tell(reason: string | undefined): void {
    const { log, redact } = this.#shared.environment;
    if (this.#closed) return;
    const known = this.#unreachable;
    this.#unreachable = reason === undefined ? undefined : redact(reason);
    if (known === undefined && reason !== undefined) log.error(reason);
    if (known !== undefined && reason === undefined) {
      log.info(`${this.#shared.label} can be reached again`);
    }
  }

  #note({ kind, error }: Reached): void {
    if (this.#closed || kind === 'open' || error === undefined || this.#shared.auth?.state.pending !== undefined)
      return;
    const { label, environment } = this.#shared;
    this.#reason = environment.redact(error);
    environment.log.warn(`the sign-in to ${label} failed: ${error}`);
  }
}

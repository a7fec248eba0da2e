/** Whether the proxy is of use: the server can be reached, and lets it in. */
import type { Shared } from './composition.ts';
import { showUrl } from './core/redact.ts';
import type { Readiness } from './downstream/operation.ts';
import { type Reached, reach } from './upstream/reach.ts';

/** Pauses between looks for a server that was not there at the start, in milliseconds; the last one stays. */
const PAUSES = [1_000, 2_000, 5_000, 15_000, 60_000];

export class Ready {
  readonly #shared: Shared;
  /** Clients bring credentials of their own: that the server lets nobody else in is as it should be. */
  readonly #clientsSignIn: boolean;
  /** Why the last sign-in came to nothing. */
  #reason: string | undefined;
  #closed = false;

  constructor(shared: Shared, clientsSignIn: boolean) {
    this.#shared = shared;
    this.#clientsSignIn = clientsSignIn;
  }

  /** Looks at the server, and begins a sign-in where one is needed. Never rejects. */
  async look(): Promise<Readiness> {
    const { fetch, config, auth } = this.#shared;
    const { kind } = await reach(fetch, config.url);
    const needed = kind === 'closed' && !this.#clientsSignIn;
    if (!needed) this.#reason = undefined;
    // Nobody else may come by to begin it: balancers lead no client to where nobody is ready.
    else if (auth && auth.state.pending === undefined)
      reach(fetch, config.url, false).then((tried) => this.#note(tried));
    const pending = auth?.state.pending;
    return {
      reachable: kind !== 'unreachable',
      signInNeeded: needed,
      signInUrl: pending?.url,
      userCode: pending?.userCode,
      reason: this.#reason,
    };
  }

  /** Looks again and again until the server was there once. */
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

  #note({ kind, error }: Reached): void {
    if (this.#closed || kind === 'open' || error === undefined || this.#shared.auth?.state.pending !== undefined)
      return;
    const { config, surroundings } = this.#shared;
    this.#reason = surroundings.redact(error);
    surroundings.log.warn(`the sign-in to ${showUrl(config.url)} failed: ${error}`);
  }
}

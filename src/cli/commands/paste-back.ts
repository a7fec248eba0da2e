/**
 * Lets the user paste into the terminal the address to which a browser on another machine was redirected. Nothing
 * listens at it on that machine. On this one a process does, ours or a host's, and gets the answer.
 */
import { createInterface, type Interface } from 'node:readline';
import { isAnswer } from '../../auth/sign-in/callback.ts';
import type { PendingRecord, Vault } from '../../auth/vault/vault.ts';
import { type AuthConfig, isLoopback } from '../../config.ts';
import type { Fetch } from '../../core/fetch.ts';
import type { Log } from '../../core/ports.ts';

/** How often to deliver an answer until a process accepts it, and the milliseconds between the attempts. */
const [ATTEMPTS, PAUSE] = [20, 250];

const SIGN_IN_PAGE =
  'that is the address of the sign-in page: open it in a browser, sign in, and paste the address that the browser shows then';
const NO_ANSWER =
  'that address has neither code=... nor error=...: paste the address that the browser shows after the sign-in';

/** Whether an address is that of the sign-in page. */
function isPageOf(address: URL, { url }: PendingRecord): boolean {
  const page = new URL(url);
  return address.origin === page.origin && address.pathname === page.pathname;
}

export interface PasteBackOptions {
  /** Knows the sign-in in progress, even if another process started it. */
  readonly vault: Pick<Vault, 'pending'>;
  readonly config: AuthConfig;
  readonly fetch: Fetch;
  readonly log: Log;
}

export class PasteBack {
  readonly #options: PasteBackOptions;
  #lines: Interface | undefined;

  constructor(options: PasteBackOptions) {
    this.#options = options;
  }

  /** Starts reading lines. Idempotent. */
  open(): void {
    if (this.#lines) return;
    this.#options.log.info(
      'browser on another machine? after the sign-in, copy the address that it shows, paste it here and press Enter',
    );
    this.#lines = createInterface({ input: process.stdin });
    this.#lines.on('line', (line) => void this.#take(line.trim()));
  }

  close(): void {
    this.#lines?.close();
  }

  async #take(text: string): Promise<void> {
    if (text === '') return;
    const { vault, config, log } = this.#options;
    const answer = URL.canParse(text) ? new URL(text) : undefined;
    const pending = await vault.pending();
    if (!pending || answer?.searchParams.get('state') !== pending.state) {
      log.warn(
        'that is not the address of this sign-in: paste all of the address that the browser shows after it, with code=... and state=...',
      );
      return;
    }
    if (!isAnswer(answer.searchParams)) {
      log.warn(isPageOf(answer, pending) ? SIGN_IN_PAGE : NO_ANSWER);
      return;
    }
    const redirect = new URL(pending.redirectUri);
    // If the redirect address is on another machine, the user has arranged how it reaches the listener.
    const path = isLoopback(redirect.hostname) ? redirect.pathname : config.callbackPath;
    void this.#deliver(new URL(`http://127.0.0.1:${pending.port}${path}${answer.search}`));
  }

  async #deliver(url: URL): Promise<void> {
    const { fetch, log } = this.#options;
    // A process that takes over from one that has ended needs a moment before it listens.
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        const { body } = await fetch({
          purpose: 'sign-in',
          method: 'GET',
          url,
          headers: {},
          redirect: 'manual',
          repeatable: false,
        });
        body.destroy();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
    log.warn('this sign-in is over: run the same command again');
  }
}

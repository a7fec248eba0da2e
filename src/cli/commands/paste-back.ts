/**
 * Lets the user of a terminal paste the address that a browser on another machine was sent to:
 * there, nobody listens at it. Here somebody does, this process or a host's, and is given the answer.
 */
import { createInterface, type Interface } from 'node:readline';
import { isAnswer } from '../../auth/sign-in/callback.ts';
import type { PendingRecord, Vault } from '../../auth/vault/vault.ts';
import { type AuthConfig, isLoopback } from '../../config.ts';
import type { Fetch } from '../../core/fetch.ts';
import type { Log } from '../../core/ports.ts';

/** How often an answer is handed over until somebody takes it, and the milliseconds between. */
const [ATTEMPTS, PAUSE] = [20, 250];

const SIGN_IN_PAGE =
  'that is the address of the sign-in page: open it in a browser, sign in, and paste the address that the browser shows then';
const NO_ANSWER =
  'that address has neither code=... nor error=...: paste the address that the browser shows after the sign-in';

/** Whether an address is that of the page where the user signs in. */
function isPageOf(address: URL, { url }: PendingRecord): boolean {
  const page = new URL(url);
  return address.origin === page.origin && address.pathname === page.pathname;
}

export interface PasteBackOptions {
  /** Knows of the sign-in that is under way, whoever has begun it. */
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

  /** Reads what is typed from now on. Idempotent. */
  open(): void {
    if (this.#lines) return;
    this.#options.log.info(
      'browser on another machine? after the sign-in, copy the address that it shows, paste it here and press Enter',
    );
    this.#lines = createInterface({ input: process.stdin });
    this.#lines.on('line', (line) => this.#take(line.trim()));
  }

  close(): void {
    this.#lines?.close();
  }

  #take(text: string): void {
    if (text === '') return;
    const { vault, config, log } = this.#options;
    const answer = URL.canParse(text) ? new URL(text) : undefined;
    const pending = vault.pending();
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
    // A redirect address elsewhere leads to the listener by ways of the user's own.
    const path = isLoopback(redirect.hostname) ? redirect.pathname : config.callbackPath;
    void this.#deliver(new URL(`http://127.0.0.1:${pending.port}${path}${answer.search}`));
  }

  async #deliver(url: URL): Promise<void> {
    const { fetch, log } = this.#options;
    // Whoever takes over from a process that has ended needs a moment before it listens.
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

// What a server counts: everything that ran, was cancelled, was opened and was left open. Tests compare it with what
// the clients saw.
import { Changes } from '../changes.ts';
import { WAIT_MS } from '../rpc.ts';

export class Ledger {
  /** How often each call has run, by its nonce. */
  readonly executions = new Map<string, number>();
  /** How often each call was cancelled while it ran, by its nonce. */
  readonly cancels = new Map<string, number>();
  /** Questions by nonce, with what they were answered with: a result, or an error. */
  readonly answers = new Map<string, unknown[]>();
  sessionsOpened = 0;
  sessionsOpen = 0;
  /** Sessions that ended because the client said so. */
  deletes = 0;
  /** Streams that belong to no call: of sessions, and subscriptions. */
  streamsOpen = 0;
  /** Calls whose HTTP response is not over. */
  callsOpen = 0;
  requests = 0;
  /** What no correct client does: a request of an unknown session, an answer to no question, an unknown level. */
  readonly complaints: string[] = [];

  readonly #changes = new Changes();

  ran(nonce: string): void {
    this.#increment(this.executions, nonce);
  }

  cancelled(nonce: string): void {
    this.#increment(this.cancels, nonce);
  }

  answered(nonce: string, outcome: unknown): void {
    this.answers.set(nonce, [...(this.answers.get(nonce) ?? []), outcome]);
    this.changed();
  }

  complain(what: string): void {
    this.complaints.push(what);
    this.changed();
  }

  /** Call this after every change of a figure. */
  changed(): void {
    this.#changes.changed();
  }

  /** Waits until something is true; it is looked at after every change. */
  async until(what: string, isTrue: (ledger: this) => boolean, waitMs = WAIT_MS): Promise<void> {
    const failure = (reason: string): string => `${reason} for ${what}; the server: ${this.summary()}`;
    await this.#changes.until(() => isTrue(this) || undefined, failure, waitMs);
  }

  summary(): string {
    const { sessionsOpened, sessionsOpen, deletes, streamsOpen, callsOpen, requests, complaints } = this;
    const figures = { sessionsOpened, sessionsOpen, deletes, streamsOpen, callsOpen, requests };
    return JSON.stringify({ ...figures, executions: this.executions.size, complaints: complaints.slice(0, 10) });
  }

  #increment(counts: Map<string, number>, nonce: string): void {
    counts.set(nonce, (counts.get(nonce) ?? 0) + 1);
    this.changed();
  }
}

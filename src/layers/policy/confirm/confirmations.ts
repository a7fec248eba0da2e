/** The calls of clients of 2026-07-28 that wait for their users, by the `requestState` that the clients bring back. */
import { type Json, withoutMembers } from '../../../core/json.ts';
import { canonical } from '../../../mcp/eras/canonical.ts';

/** `asked`: the user has the question. `confirmed`: the user has agreed, and the server asks something itself. */
export type ConfirmationPhase =
  | { readonly phase: 'asked' }
  /** `state` is the server's own `requestState`, as JSON text, if it has one. */
  | { readonly phase: 'confirmed'; readonly state: Json | undefined };

interface KeptConfirmation {
  readonly phase: ConfirmationPhase;
  /** Of the call: another one with this state is not confirmed. */
  readonly digest: string;
  readonly until: number;
}

/** As long as a held call, in milliseconds. */
const LIFETIME = 10 * 60_000;
const MAX_KEPT = 2_000;
/** Characters of a server's `requestState`. A longer one is a reason to ask the user again. */
const LONGEST_STATE = 16_384;
/** Members of the parameters in which two requests for one call differ. */
const OTHERS = ['_meta', 'inputResponses', 'requestState'];
const PREFIX = 'mcp-proxy-confirm.';

export class Confirmations {
  readonly #digest: (text: string) => string;
  readonly #now: () => number;
  readonly #newId: () => string;
  readonly #kept = new Map<string, KeptConfirmation>();

  /**
   * @param digest a cryptographic one, of a text
   * @param newId makes texts that cannot be guessed
   */
  constructor(
    digest: (text: string) => string,
    now: () => number = Date.now,
    newId: () => string = () => crypto.randomUUID(),
  ) {
    this.#newId = newId;
    this.#digest = digest;
    this.#now = now;
  }

  /** Keeps what is known of a call, and returns the state that finds it. The oldest ones go when there are too many. */
  keep(phase: ConfirmationPhase, params: Json): string {
    const state = PREFIX + this.#newId();
    if (phase.phase === 'confirmed' && (phase.state?.length ?? 0) > LONGEST_STATE) return state;
    for (const [key, { until }] of this.#kept) {
      if (until > this.#now() && this.#kept.size < MAX_KEPT) break;
      this.#kept.delete(key);
    }
    this.#kept.set(state, { phase, digest: this.#digestOf(params), until: this.#now() + LIFETIME });
    return state;
  }

  /** What is known of a call; undefined if the state is not of this call, or too old. It is known only once. */
  take(state: string | undefined, params: Json): ConfirmationPhase | undefined {
    const kept = state === undefined ? undefined : this.#kept.get(state);
    if (state === undefined || !kept) return undefined;
    this.#kept.delete(state);
    return kept.until > this.#now() && kept.digest === this.#digestOf(params) ? kept.phase : undefined;
  }

  #digestOf(params: Json): string {
    return this.#digest(canonical(withoutMembers(params, OTHERS)));
  }
}

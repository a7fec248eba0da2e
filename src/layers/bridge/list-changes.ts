/** Tells a client of an older revision when a list of the server has changed, as a server with a session does unasked. */
import { type Json, peek } from '../../core/json.ts';
import { LIST_CHANGES } from '../../mcp/methods.ts';
import type { Listening } from './listening.ts';

export class ListChanges {
  readonly #listening: Listening;
  readonly #filter: Record<string, true>;
  #isOpen = false;

  /** @param capabilities of the server, which say what it announces. */
  constructor(listening: Listening, capabilities: Json) {
    this.#listening = listening;
    const announced = LIST_CHANGES.filter(
      ({ capability }) => peek(capabilities, capability, 'listChanged')?.toString('latin1') === 'true',
    );
    this.#filter = Object.fromEntries(announced.map(({ filter }) => [filter, true]));
  }

  /** Starts listening. Idempotent. */
  open(): void {
    if (this.#isOpen || Object.keys(this.#filter).length === 0) return;
    this.#isOpen = true;
    this.#listening.open(this.#filter, { insists: true });
  }
}

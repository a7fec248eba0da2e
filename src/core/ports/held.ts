/**
 * Calls of modern clients that a legacy server has not answered yet because it has asked the client something. The
 * client gets the question as a result, and comes back with the answer in a later request.
 */
import type { Json } from '../json.ts';

/** A call that waits for its client, as the manager of all of them sees it. */
export interface Held {
  /** The client that may take the call. */
  readonly owner: string;
  /** The client has not come back in time: ends the call at the server. */
  expire(): void;
}

/** The calls that wait for their clients: each is taken once, ends when it has waited for too long, and counts. */
export interface HeldCalls<C extends Held> {
  /** How many calls are held at the moment. */
  readonly size: number;
  /**
   * Holds a call, and returns the handle that takes it; undefined when too many are held. Rejects when calls cannot be
   * held now.
   */
  hold(call: C): Promise<string | undefined>;
  /** The call under a handle, which is then free; undefined when there is none. Rejects when it cannot be looked up. */
  take(handle: string): Promise<C | undefined>;
  /** Frees a handle: its call has ended. Never rejects. */
  forget(handle: string): Promise<void> | undefined;
}

export type OpenHeldCalls = <C extends Held>() => HeldCalls<C>;

/** What a request must have in common with the one that the client repeats. */
export interface BoundRequest {
  readonly method: string;
  /** Without what differs between the two: `_meta`, `inputResponses` and `requestState` do not count. */
  readonly params: Json | undefined;
  readonly owner: string;
}

/** What the client brings back: the handle of a held call, or that the call can be sent anew. */
type Claim = { readonly kind: 'held'; readonly handle: string } | { readonly kind: 'again' };

/** Why a `requestState` is refused. `gone`: it was right, but there is no such call, or no longer. */
export type StateRefusal = 'malformed' | 'mac' | 'expired' | 'principal' | 'digest' | 'gone';

/**
 * Makes and reads `requestState` (specification 2026-07-28, "Multi Round-Trip Requests"): what a client brings back must
 * be what this proxy has given to that client, for that request, not long ago.
 */
export interface RequestStates {
  seal(claim: Claim, request: BoundRequest): string;
  open(state: string, request: BoundRequest): Claim | { readonly kind: 'refused'; readonly reason: StateRefusal };
}

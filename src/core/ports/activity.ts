/** What the status page learns of the requests to one server. */
import type { Exchange } from '../exchange.ts';

/** One request that has no answer yet. */
export interface CallInProgress {
  /**
   * The request is over.
   * @param outcome as a `Meter` gets it
   * @param evidence the reply, or what the request failed with
   */
  ended(outcome: string, seconds: number, evidence: unknown): void;
}

export interface Activity {
  /**
   * A request of a client begins.
   * @param method from a closed set
   * @param at milliseconds of the monotonic clock
   */
  began(exchange: Exchange, method: string, at: number): CallInProgress;
}

/** When to reconnect to a stream that ended. Pure: the listener owns the clock. */
export { pause } from '../core/timer.ts';

/**
 * How a stream ended, as far as the next attempt depends on it; `retry` is the pause that the
 * server asked for on it, in milliseconds.
 */
export type StreamEnd =
  /** Messages came, or the stream lived for a while: servers and middleboxes cut idle streams, and that is fine. */
  | { readonly kind: 'served'; readonly retry: number | undefined }
  /** It ended soon and empty, or was not an event stream: reconnecting soon would only repeat that. */
  | {
      readonly kind: 'useless';
      /**
       * The stream had an event id, so the server wants the client to reconnect, or it stayed open for a second, so the
       * server may only be restarting.
       */
      readonly primed: boolean;
      readonly retry?: number | undefined;
    }
  /** No connection, or a server error. */
  | { readonly kind: 'failed'; readonly retry?: number | undefined }
  /** The server does not offer the stream. */
  | { readonly kind: 'refused' };

const MINUTE = 60_000;
const LONGEST = 5 * MINUTE;
const DEFAULT_RETRY = 1_000;
/** Even if the server asks for less, reconnecting faster than this would be hammering. */
const SHORTEST = 250;
/** At most three attempts a minute when nothing useful comes. */
const USELESS_DELAY = 20_000;
const PASSING = new Set([408, 409, 423, 425, 429]);

/**
 * Milliseconds until the next attempt, or undefined for never.
 * @param misses how many streams in a row, this one included, did not end as `served`.
 * @param random a number from 0 to 1 that spreads the attempts of many clients.
 */
export function nextAttempt(ending: StreamEnd, misses: number, random: number): number | undefined {
  const grown = (base: number, times: number): number =>
    Math.min(LONGEST, base * 2 ** Math.min(times - 1, 20)) * (1 + random / 4);
  switch (ending.kind) {
    case 'served':
      return withinReason(ending.retry ?? DEFAULT_RETRY);
    case 'useless':
      // A server that names a time wants a request that often, but never means several a second.
      if (ending.retry !== undefined) return Math.max(withinReason(ending.retry), misses <= 1 ? 0 : DEFAULT_RETRY);
      if (!ending.primed) return grown(USELESS_DELAY, misses);
      // A single miss may be chance, and what the server says in the meantime is lost.
      return misses <= 1 ? DEFAULT_RETRY : grown(USELESS_DELAY, misses - 1);
    case 'failed':
      return Math.max(grown(DEFAULT_RETRY, misses), withinReason(ending.retry ?? 0));
    case 'refused':
      return undefined;
  }
}

/**
 * Whether a refusal with this status may pass: the server was slow or in trouble, the resource was locked, or another
 * stream was still open there.
 */
export function mayPass(status: number): boolean {
  return status >= 500 || PASSING.has(status);
}

/** The pause that a server asked for, within sensible limits; in milliseconds. */
export function withinReason(retry: number): number {
  return Math.min(LONGEST, Math.max(SHORTEST, retry));
}

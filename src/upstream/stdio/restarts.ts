/** Whether and when a local server that has ended is started again. Pure. */

/** A server that lived shorter than this has not worked, in milliseconds. */
export const QUICK = 10_000;
/** After so many quick ends in a row, it is not started again by itself. */
export const MAX_QUICK = 3;
/** For how long nobody may start it then, in milliseconds. */
export const COOL_DOWN = 60_000;

const FIRST_PAUSE = 250;

/** How often in a row a server ended soon after its start, and when it ended last. */
export interface Deaths {
  readonly quick: number;
  /** Milliseconds of a monotonic clock. */
  readonly at: number;
}

export const NO_DEATHS: Deaths = { quick: 0, at: Number.NEGATIVE_INFINITY };

/** @param lived milliseconds from the start of the server to its end */
export function afterDeath(deaths: Deaths, lived: number, now: number): Deaths {
  return { quick: lived < QUICK ? deaths.quick + 1 : 0, at: now };
}

/**
 * Milliseconds to wait before the next start; undefined when there must be none.
 * @param random a number from 0 to 1 that spreads the starts of several proxies
 */
export function nextStart({ quick, at }: Deaths, now: number, random: number): number | undefined {
  const since = now - at;
  // After the pause, one more attempt may show that its user has repaired it.
  if (quick >= MAX_QUICK) return since < COOL_DOWN ? undefined : 0;
  const pause = at === Number.NEGATIVE_INFINITY ? 0 : FIRST_PAUSE * 2 ** quick * (1 + random / 2);
  return Math.max(0, pause - since);
}

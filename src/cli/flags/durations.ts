/** Durations on the command line. */

/** The longest time that a Node timer can wait: 24 days. */
const LONGEST = 2_147_483_647;

export function milliseconds(seconds: string): number {
  return Math.min(Number(seconds) * 1_000, LONGEST);
}

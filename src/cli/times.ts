/** Times in a form for people. */

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `in 28 minutes (2026-11-28T17:00:00Z)`, `2 hours ago (…)`; times in milliseconds since the epoch. */
export function inWords(time: number, now: number): string {
  const distance = Math.abs(time - now);
  const [unit, size] = UNITS.find(([, least]) => distance >= least) ?? ['second', 1_000];
  const count = Math.floor(distance / size);
  const words = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return `${count === 0 ? 'now' : time > now ? `in ${words}` : `${words} ago`} (${isoTime(time)})`;
}

/** Whole seconds of UTC. */
export function isoTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

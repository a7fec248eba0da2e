/** Numbers, times and outcomes as people read them. Pure. */
import { type Html, html } from './html.ts';

export function count(value: number): string {
  return value.toLocaleString('en');
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function duration(seconds: number): string {
  if (seconds < 0.001) return '< 1 ms';
  if (seconds < 0.9995) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${two(Math.round(seconds) % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** A time of day. The page shows it in the time zone of its reader. @param at milliseconds of the clock */
export function time(at: number): Html {
  const text = new Date(at).toISOString();
  return html`<time datetime="${text}">${text.slice(11, 19)}</time>`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** @param outcome as a meter gets it */
export function outcomeWords(outcome: string, code: number | undefined): string {
  if (outcome === 'error') return code === undefined ? 'error' : `error ${code}`;
  return OUTCOMES.get(outcome) ?? outcome;
}

const OUTCOMES: ReadonlyMap<string, string> = new Map([
  ['result', 'answered'],
  ['cancelled', 'cancelled'],
  ['unreachable', 'not reached'],
  ['timeout', 'timed out'],
  ['failed', 'failed'],
  ['unauthorized', 'not authorized'],
  ['sign-in-needed', 'sign-in needed'],
  ['no-sign-in', 'no sign-in'],
  ['no-common-version', 'no common revision'],
  ['cannot-bridge', 'not possible'],
  ['bad-result', 'unusable answer'],
  ['limit', 'limit reached'],
  ['invalid-request', 'invalid request'],
  ['invalid-params', 'invalid request'],
  ['internal', 'internal error'],
]);

/** Log messages, and which requests want them. */
import { asString, isObject, member, peek } from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';
import { LOG_LEVEL } from './envelope.ts';

/** The log levels, the least severe first (specification 2025-11-25, "Logging"). */
export const LOG_LEVELS: readonly string[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

/** The index of a log message in {@link LOG_LEVELS}, or -1. */
export function severityOf(note: Call): number {
  return LOG_LEVELS.indexOf(asString(peek(note.params, 'level')) ?? '');
}

/** Whether a log message is severe enough for a client that wants this level, or has not said so. */
export function hears(level: number | undefined, severity: number): boolean {
  return level === undefined || severity === -1 || severity >= level;
}

/**
 * The least severe level that a request wants to hear of, as an index of {@link LOG_LEVELS}. Undefined if it wants no log
 * messages; -1 if it names a level that does not exist. Throws a JsonError if an object has a key twice.
 */
export function wantedLevel({ params }: Call): number | undefined {
  if (!isObject(params) || !params.includes(MARK)) return undefined;
  const meta = member(params, '_meta');
  const level = isObject(meta) ? member(meta, LOG_LEVEL) : undefined;
  return level && LOG_LEVELS.indexOf(asString(level) ?? '');
}

/** Appears in the text of every request with a level, unless some of its letters are escaped: then it is not heard. */
const MARK = Buffer.from('logLevel');

/** The only one of several, each with the level that it wants, who hears a log message of this severity. */
export function onlyHearer<T>(several: ReadonlyMap<T, number>, severity: number): T | undefined {
  let only: T | undefined;
  for (const [one, level] of several) {
    if (!hears(level, severity)) continue;
    if (only !== undefined) return undefined;
    only = one;
  }
  return only;
}

/** Which clients of a shared session get a notification of the server. */
import type { Peer } from '../../core/exchange.ts';
import { asString, peek } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { LOG_LEVELS } from '../../mcp/log-levels.ts';
import { isListChange } from '../../mcp/methods.ts';

/** Whether to drop a message for a client that reads more slowly than the server sends. */
export function isMissed({ method }: Call, client: Peer): boolean {
  return method === 'notifications/message' && client.room() !== undefined;
}

export function isForAll({ method }: Call): boolean {
  return isListChange(method) || method === 'notifications/resources/updated';
}

/** The index of a log message in {@link LOG_LEVELS}, or -1. */
export function severityOf(note: Call): number {
  return LOG_LEVELS.indexOf(asString(peek(note.params, 'level')) ?? '');
}

/** Whether a log message is severe enough for a client that wants this level, or has not said so. */
export function hears(level: number | undefined, severity: number): boolean {
  return level === undefined || severity === -1 || severity >= level;
}

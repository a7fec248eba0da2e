/** Which clients of a shared session get a notification of the server. */
import type { Peer } from '../../core/exchange.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { isListChange } from '../../mcp/methods.ts';

/** Whether to drop a message for a client that reads more slowly than the server sends. */
export function isMissed({ method }: Call, client: Peer): boolean {
  return method === 'notifications/message' && client.room() !== undefined;
}

export function isForAll({ method }: Call): boolean {
  return isListChange(method) || method === 'notifications/resources/updated';
}

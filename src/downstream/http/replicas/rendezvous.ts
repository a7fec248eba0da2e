/**
 * The requests of 2026-07-28 that must meet at one replica. Such a client has no session, but a server of an older revision
 * has one for it, and a local server has a process: subscriptions, tasks and whatever else the server keeps are there.
 */
import { JsonError } from '../../../core/json.ts';
import type { Message } from '../../../core/jsonrpc.ts';
import { declaredRevision } from '../../../mcp/envelope.ts';
import { clientOf } from '../../../mcp/eras/legacy-request.ts';
import { isModernRevision } from '../../../mcp/revisions.ts';
import type { Request, Site } from '../contracts.ts';
import { refused } from '../refusal.ts';
import { MISDIRECTED } from './hop-listener.ts';

/**
 * What requests have in common that share a process or a session of the server: the path, and for a session also the
 * headers that go upstream, and how the client describes itself. It may contain credentials. Undefined if any replica can serve the message: it is of another
 * revision, it is refused everywhere, or the server keeps nothing for its clients.
 */
export function rendezvousKey(
  { req, base, forwarded }: Request,
  message: Message | undefined,
  { servers }: Site,
): string | undefined {
  if (message?.kind !== 'request' && message?.kind !== 'notification') return undefined;
  const spoken = req.headers['mcp-protocol-version'];
  try {
    if (declaredRevision(message.call) === undefined && !isModern(spoken)) return undefined;
    const kept = servers.keeps(forwarded);
    if (kept === 'nothing') return undefined;
    if (kept === 'process') return base;
    const { capabilities, clientInfo } = clientOf(message.call);
    return JSON.stringify([base, Object.entries(forwarded), text(capabilities), text(clientInfo)]);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** For the replica that has passed a request on without need. */
export const ANYWHERE = refused(MISDIRECTED, 'the replica at which this request has arrived can serve it');

function isModern(spoken: string | string[] | undefined): boolean {
  return typeof spoken === 'string' && isModernRevision(spoken);
}

function text(json: Buffer | undefined): string {
  return json?.toString('utf8') ?? '';
}

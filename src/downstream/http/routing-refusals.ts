/** The refusals of requests that no part of HTTP mode serves, and those of bodies that are not read. */
import type { IncomingHttpHeaders } from 'node:http';
import { INVALID_REQUEST } from '../../core/jsonrpc.ts';
import { ProxyError } from '../../errors.ts';
import { replyFrom } from '../../wire/replies.ts';
import { accepts, isJson } from './accept.ts';
import type { ClientService } from './paths.ts';
import { type Refusal, refused } from './refusal.ts';

export const NOT_FOUND = refused(404, 'nothing is served at this path; use /mcp or /sse');
export const LOOP = refused(508, 'this proxy has sent the request itself: one of its servers leads back to it');
export const NO_BATCH = refused(400, 'Invalid Request: no batch is allowed here', {}, INVALID_REQUEST);
export const NO_EVENTS = refused(406, 'Accept must allow text/event-stream');
const ENCODED = refused(415, 'no Content-Encoding is supported', { 'accept-encoding': 'identity' });
const NOT_ACCEPTABLE = refused(406, 'Accept must allow application/json and text/event-stream');
export const FAULT: Refusal = {
  status: 500,
  reply: replyFrom(new ProxyError('internal', 'internal error, see the log')),
};

export function notAllowed(methods: readonly string[]): Refusal {
  return refused(405, `only ${methods.join(', ')} here`, { allow: methods.join(', ') });
}

/** Why a POST with these headers is not read. */
export function unreadable(headers: IncomingHttpHeaders, service: ClientService): Refusal | undefined {
  if (!isJson(headers['content-type'])) return refused(415, 'Content-Type must be application/json');
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return ENCODED;
  if (service === 'streamable' && accepts(headers.accept) === undefined) return NOT_ACCEPTABLE;
  return undefined;
}

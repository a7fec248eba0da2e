// The only differences that two runs of the same thing may have: tokens and ids that a client or server makes up, and
// the time. A name replaces each of them, so that its presence still counts.
import type { Event, WireMessage } from './wire.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const TASK_ID = /\b[0-9a-f]{32}\b/g;
const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const CLOCK = /\d{1,2}:\d\d:\d\d [AP]M/g;

export function normalise(value: unknown): unknown {
  return walk(value, '');
}

function walk(value: unknown, key: string): unknown {
  if (key === 'progressToken') return '<progress token>';
  if (key === 'io.modelcontextprotocol/subscriptionId') return '<id of the listen request>';
  if (typeof value === 'string') return key === 'blob' ? clockless(value) : text(value);
  if (Array.isArray(value)) return value.map((item) => walk(item, ''));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, walk(member, name)]));
}

function text(value: string): string {
  return value
    .replace(UUID, '<uuid>')
    .replace(TASK_ID, '<task id>')
    .replace(INSTANT, '<instant>')
    .replace(CLOCK, '<clock>');
}

/** server-everything encodes the time of day in a blob. */
function clockless(blob: string): string {
  const decoded = Buffer.from(blob, 'base64').toString('utf8');
  return CLOCK.test(decoded) ? text(decoded) : blob;
}

/** Notifications that belong to no request come on a stream of their own, so their place is random. */
const UNSOLICITED = /list_changed$|resources\/updated$/;

/** Messages of requests in order, and the others sorted. */
export interface Comparable {
  ordered: unknown[];
  apart: { method?: string }[];
}

/**
 * The record of one behaviour in comparable form: messages of requests in order, the others sorted. `loose` is for
 * servers that use their own stream for what belongs to a request.
 */
export function comparable(events: readonly Event[], loose: boolean): Comparable {
  const ordered: unknown[] = [];
  const apart: string[] = [];
  for (const event of events) {
    const { id: _, ...rest } = { id: null, ...event };
    const free = loose || (event.kind === 'notification' && UNSOLICITED.test(event.method));
    if (free) apart.push(JSON.stringify(normalise(rest)));
    else ordered.push(normalise(rest));
  }
  return { ordered, apart: apart.sort().map((line) => JSON.parse(line) as { method?: string }) };
}

/** An error as its JSON-RPC members, without the class and the prefix that the SDK gave it. */
export function errorOf(error: unknown): unknown {
  const { code, message, data } = error as { code?: unknown; message?: string; data?: unknown };
  return normalise({ error: { code, message: message?.replace(/^MCP error -?\d+: /, ''), data } });
}

/**
 * The JSON-RPC answer that came with an HTTP error status. The SDKs' HTTP clients throw it as text in an error of
 * their own; on stdio, where there is no status, the same answer is a message.
 */
export function answerInside(error: unknown): WireMessage | undefined {
  const { message = '' } = error as { message?: string };
  const json = /Error POSTing to endpoint[^{]*(\{.*\})\s*$/s.exec(message)?.[1];
  if (json === undefined) return undefined;
  const answer = JSON.parse(json) as WireMessage;
  return answer.error ? answer : undefined;
}

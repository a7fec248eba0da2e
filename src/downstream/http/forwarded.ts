/** The headers of a request that go upstream. */
import type { IncomingMessage } from 'node:http';
import type { Forwarded, Site } from './contracts.ts';

export function forwardedOf(req: IncomingMessage, { forwardHeaders }: Site): Forwarded {
  if (forwardHeaders.length === 0) return NOTHING;
  const forwarded: Record<string, string> = {};
  for (const { from, to } of forwardHeaders) {
    const value = req.headers[from];
    if (value !== undefined) forwarded[to] = Array.isArray(value) ? value.join(', ') : value;
  }
  return forwarded;
}

const NOTHING: Forwarded = {};

/** The limit of open calls in one session. */
import { ProxyError } from '../../../errors.ts';
import { replyFrom } from '../../../wire/replies.ts';
import type { Refusal } from '../refusal.ts';

/** In a session with more calls than this, the proxy refuses further ones until some are answered. */
export const MAX_OPEN_CALLS = 1_000;

export const TOO_MANY_CALLS: Refusal = {
  status: 429,
  reply: replyFrom(
    new ProxyError('limit', `more than ${MAX_OPEN_CALLS} calls of this session are waiting for answers`),
  ),
  headers: { 'retry-after': '1' },
};

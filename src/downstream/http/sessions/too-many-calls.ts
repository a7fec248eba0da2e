/** How much one session may ask at a time. */
import { ProxyError } from '../../../errors.ts';
import { replyFrom } from '../../../wire/replies.ts';
import type { Refusal } from '../refusal.ts';

/** More calls than this in one session are refused until some are answered. */
export const MAX_OPEN_CALLS = 1_000;

export const TOO_MANY_CALLS: Refusal = {
  status: 429,
  reply: replyFrom(
    new ProxyError('limit', `more than ${MAX_OPEN_CALLS} calls of this session are waiting for answers`),
  ),
  headers: { 'retry-after': '1' },
};

/** What becomes of a request that may belong to another replica. */
import type { Id } from '../../../core/jsonrpc.ts';
import { ProxyError } from '../../../errors.ts';
import { replyFrom } from '../../../wire/replies.ts';
import type { Request } from '../contracts.ts';
import type { MaybeRefused, Refusal } from '../refusal.ts';

/** The request is served here after all: its session has moved to this replica, or stays here until its calls end. */
export const HERE: unique symbol = Symbol('here');

export type AwayOutcome = Promise<Refusal | undefined | typeof HERE>;

/** Undefined where the request is served here. */
export type Away = AwayOutcome | undefined;

/** Serves a request here unless another replica does, or the client has left meanwhile. */
export function unless(away: Away, { res }: Request, here: (stays?: boolean) => MaybeRefused): MaybeRefused {
  if (!away) return here();
  return away.then((outcome) => {
    if (outcome !== HERE) return outcome;
    return res.destroyed ? undefined : here(true);
  });
}

export const SHUTTING_DOWN: Refusal = {
  status: 503,
  reply: replyFrom(new ProxyError('limit', 'this proxy is shutting down')),
  headers: { connection: 'close' },
};

/** A refusal as the answer to the first of these requests. */
export function withId(refusal: Refusal, [id]: readonly Id[]): Refusal {
  return id === undefined ? refusal : { ...refusal, id };
}

/** What operators see of the session of a client. */
import type { Json } from '../../../core/json.ts';
import type { Call } from '../../../core/jsonrpc.ts';

export interface SessionFacts {
  /** Milliseconds of the clock. */
  readonly began: number;
  /** The part of its paths in front of the endpoints: empty, or that of one of several servers. */
  readonly base: string;
  /** The parameters of its `initialize`; undefined before it, and where they are too long to keep. */
  readonly introduction: Json | undefined;
}

/** Bytes: more than any client says about itself. */
const LONGEST = 16_384;

export function introductionIn({ params }: Call): Json | undefined {
  // What arrived may be a part of something larger, which would stay in memory.
  return params === undefined || params.length > LONGEST ? undefined : Buffer.from(params);
}

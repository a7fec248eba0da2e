// Everything in the matrix that is not a plain yes. The suite fails for any other outcome, and for one that does not occur.
import type { Outcome } from './observe.ts';

export interface Refusal {
  readonly behaviours: readonly string[];
  /** Undefined: clients of both eras. */
  readonly client?: 'sessions' | '2026-07-28';
  /** Undefined: every server. */
  readonly server?: string;
  readonly outcome: Outcome;
  /** For the table: what the words mean, and what there is instead. */
  readonly why: string;
}

const WITHOUT_SESSIONS = 'Streamable HTTP, without sessions';
const ANNOUNCED = ['subscriptions to a resource', 'list changes'];

export const REFUSALS: readonly Refusal[] = [
  {
    behaviours: ['ping'],
    client: '2026-07-28',
    outcome: 'not in its revision',
    why: '2026-07-28 has no `ping`, so its clients do not send one',
  },
  {
    behaviours: [
      'elicitation: a form',
      'elicitation: declined',
      'elicitation: a page',
      'sampling',
      'roots',
      'two questions, one after the other',
      'questions of calls at the same time',
    ],
    server: WITHOUT_SESSIONS,
    outcome: '-32600',
    why: "the server's own answer: without sessions, it does not know what its client can do",
  },
  {
    behaviours: ['log messages of a level'],
    client: 'sessions',
    server: WITHOUT_SESSIONS,
    outcome: 'every level',
    why: 'the server forgets the level, and sends the messages of every level; clients of 2026-07-28 get those that they asked for',
  },
  {
    behaviours: ANNOUNCED,
    client: 'sessions',
    server: WITHOUT_SESSIONS,
    outcome: 'no stream',
    why: 'the server refuses the stream on which it would announce changes (405)',
  },
  {
    behaviours: ANNOUNCED,
    client: '2026-07-28',
    server: WITHOUT_SESSIONS,
    outcome: 'not acknowledged',
    why: 'the same; the proxy acknowledges none of the subscription',
  },
];

/** What must come of a behaviour. */
export function expected(behaviour: string, client: string, server: string): Outcome {
  const era = client.endsWith('2026-07-28') ? '2026-07-28' : 'sessions';
  const refusal = REFUSALS.find((one) => {
    const isClient = one.client === undefined || one.client === era;
    return isClient && (one.server ?? server) === server && one.behaviours.includes(behaviour);
  });
  return refusal?.outcome ?? 'yes';
}

// What a call can come to when replicas die, and which of that is wrong.

export interface Lost {
  readonly kind: 'lost';
  /** The replica that had the connection. */
  readonly by: string | undefined;
  readonly how: string;
  /** Whether the session was unknown when the client wanted to resume the stream. */
  readonly unknown?: boolean;
}

export interface Late {
  readonly kind: 'late';
  /** What the client has seen of the call, for whoever looks for the cause. */
  readonly seen?: string;
}

export type Outcome =
  /** Its own result, or a JSON-RPC error. */
  | { readonly kind: 'result' | 'error' }
  /** A replica did not take the request: an HTTP status other than 2xx. */
  | { readonly kind: 'refused'; readonly status: number }
  /** The connection broke, and the client could not resume. */
  | Lost
  /** The answer of another call. */
  | { readonly kind: 'foreign'; readonly text: string }
  | Late;

/** Milliseconds within which an answer must come; the proxy gives up far earlier. */
export const ANSWER_LIMIT = 120_000;

export interface Happened {
  readonly outcome: Outcome;
  /** How often the tool ran. */
  readonly ran: number;
  /** How many answers the client got. */
  readonly answers: number;
  /** What the progress of the call said, in the order in which it arrived. */
  readonly progress: readonly { readonly step: number; readonly nonce: string }[];
  readonly nonce: string;
}

/** What the test has done to replicas and store. */
export interface Deeds {
  /** Whether it has killed a replica. */
  killed(name: string): boolean;
  /**
   * Whether the session of a call may have ended with another replica: the store lost its record, and then its replica was
   * killed, or suspended for so long that the others took it for dead.
   */
  tookSession(): boolean;
}

/** What is wrong with a call, one line for each thing. */
export function wrongIn({ outcome, ran, answers, progress, nonce }: Happened, deeds: Deeds): string[] {
  const wrong: string[] = [];
  const { kind } = outcome;
  if (outcome.kind === 'late') wrong.push(`it got no answer within ${ANSWER_LIMIT / 1_000} s (${outcome.seen ?? ''})`);
  if (kind === 'foreign') wrong.push(`it got the answer of another call: ${outcome.text}`);
  if (kind === 'lost' && !isExcused(outcome, deeds))
    wrong.push(`replica ${outcome.by ?? '(none)'} lost it, and was not killed: ${outcome.how}`);
  if (answers > 1) wrong.push(`it got ${answers} answers`);
  if (ran > 1) wrong.push(`it ran ${ran} times`);
  if (kind === 'result' && ran !== 1) wrong.push(`it has a result, and ran ${ran} times`);
  if (kind === 'refused' && ran > 0) wrong.push(`it was refused with ${outcome.status}, and ran`);
  if (progress.some((each) => each.nonce !== nonce)) wrong.push('it got the progress of another call');
  const steps = progress.map(({ step }) => step);
  if (steps.some((step, at) => at > 0 && step <= (steps[at - 1] as number)))
    wrong.push(`its progress came as ${steps.join(', ')}`);
  return wrong;
}

function isExcused(lost: Lost, { killed, tookSession }: Deeds): boolean {
  return isCut(lost, killed) || (lost.unknown === true && tookSession());
}

/** Whether the call was lost together with its connection to a replica that was killed. */
function isCut({ by }: Lost, killed: Deeds['killed']): boolean {
  return by !== undefined && killed(by);
}

/** What a run counts a call as. */
export function countedAs(outcome: Outcome, killed: Deeds['killed']): string {
  return outcome.kind === 'lost' && !isCut(outcome, killed) ? 'lost with its session' : outcome.kind;
}

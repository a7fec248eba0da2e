/**
 * Which transports to try with the first message of a legacy client, and what follows from the
 * attempts (docs/architecture.md, "Finding out what a server speaks"). Pure decisions.
 */
import type { Strategy } from '../../config.ts';
import type { Reply } from '../../core/jsonrpc.ts';
import type { TransportName } from '../../core/ports.ts';
import { type ErrorCode, ProxyError } from '../../errors.ts';
import { answerIn, type Outcome, type Refused } from '../outcome.ts';

export interface Plan {
  /** The transports to try, in order. */
  readonly order: readonly [TransportName, ...TransportName[]];
  /**
   * The first transport precedes the one that the strategy prefers only because the server spoke
   * it last time. The server may have moved on since, so a failure of this transport proves
   * nothing.
   */
  readonly guesses: boolean;
}

/** The result of sending the first message over one transport. */
export type Attempt =
  /** The server speaks the transport, and has opened a session. */
  | { readonly kind: 'open'; readonly reply: Reply }
  /** The URL does not speak the transport. */
  | { readonly kind: 'other-transport'; readonly outcome: Outcome }
  /** The server has answered over the transport, but opened no session. */
  | { readonly kind: 'answered'; readonly outcome: Outcome }
  /** The server refuses the request, whatever the transport. */
  | { readonly kind: 'refused'; readonly outcome: Refused }
  /** The server speaks the modern era only. */
  | { readonly kind: 'other-era'; readonly error: ProxyError }
  /** The client no longer waits. */
  | { readonly kind: 'over'; readonly error: unknown }
  /** No answer came. `proven`: the server had already shown that it speaks the transport. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly proven: boolean };

export type PlanStep =
  | { readonly kind: 'try'; readonly transport: TransportName }
  /** The session of the last attempt is the one to use. */
  | { readonly kind: 'keep'; readonly reply: Reply }
  /** The client gets this outcome, and no session is open. */
  | { readonly kind: 'answer'; readonly outcome: Outcome }
  | { readonly kind: 'fail'; readonly error: unknown };

/**
 * @param remembered the transport that the server spoke last time.
 * @param method of the first message. Only `initialize` may be sent over several transports:
 *   anything else could run several times.
 */
export function planFor(strategy: Strategy, remembered: TransportName | undefined, method: string): Plan {
  const order = orderOf(strategy, remembered);
  if (method !== 'initialize') return { order: [order[0]], guesses: false };
  return { order, guesses: order[0] !== orderOf(strategy, undefined)[0] };
}

/** A remembered transport goes first, unless only one is allowed. */
function orderOf(strategy: Strategy, remembered: TransportName | undefined): Plan['order'] {
  switch (strategy) {
    case 'http-only':
      return ['http'];
    case 'sse-only':
      return ['sse'];
    case 'http-first':
      return remembered === 'sse' ? ['sse', 'http'] : ['http', 'sse'];
    case 'sse-first':
      return remembered === 'http' ? ['http', 'sse'] : ['sse', 'http'];
  }
}

/**
 * What to do next.
 * @param tried the results of the transports that were tried, in order.
 */
export function nextStep({ order, guesses }: Plan, tried: readonly Attempt[]): PlanStep {
  const [first, second] = tried;
  if (!first) return { kind: 'try', transport: order[0] };
  if (second) return guesses ? afterPreferred(first, second) : afterFallback(first, second);
  const next = order[1];
  if (next && (guesses ? provesNothing(first) : first.kind === 'other-transport')) {
    return { kind: 'try', transport: next };
  }
  return endWith(first);
}

/** Whether a guess leaves the decision to the transport that the strategy prefers. */
function provesNothing(guess: Attempt): boolean {
  return guess.kind !== 'open' && guess.kind !== 'over' && !isAnswer(guess);
}

/** Decides after a guess and the preferred transport. */
function afterPreferred(guess: Attempt, preferred: Attempt): PlanStep {
  const hasNoSession = preferred.kind === 'other-transport' || isAnswer(preferred);
  // The guess was right after all, so the cause is the failure there.
  return hasNoSession && guess.kind === 'failed' && guess.proven ? endWith(guess) : endWith(preferred);
}

/** Decides after the preferred transport and the other one. When neither fits, the first one met the cause. */
function afterFallback(preferred: Attempt, fallback: Attempt): PlanStep {
  switch (fallback.kind) {
    case 'other-transport':
      return endWith(preferred);
    case 'refused':
      return endWith(asksForUser(fallback.outcome.error) ? fallback : preferred);
    case 'failed':
      return endWith(fallback.proven || asksForUser(fallback.error) ? fallback : preferred);
    default:
      return endWith(fallback);
  }
}

/** Whether the client can get the server's own answer. */
function isAnswer(attempt: Attempt): boolean {
  return (attempt.kind === 'answered' || attempt.kind === 'refused') && answerIn(attempt.outcome) !== undefined;
}

function endWith(attempt: Attempt): PlanStep {
  switch (attempt.kind) {
    case 'open':
      return { kind: 'keep', reply: attempt.reply };
    case 'other-transport':
    case 'answered':
    case 'refused':
      return { kind: 'answer', outcome: attempt.outcome };
    default:
      return { kind: 'fail', error: attempt.error };
  }
}

const ASKING_FOR_USER: ReadonlySet<ErrorCode> = new Set(['unauthorized', 'sign-in-needed', 'no-sign-in']);

/** Whether the user must act before the server shows what it speaks. */
function asksForUser(error: unknown): boolean {
  return error instanceof ProxyError && ASKING_FOR_USER.has(error.code);
}

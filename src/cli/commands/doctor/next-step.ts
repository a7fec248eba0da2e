/** From the checks to the one next step. Pure. */
import type { Check, NextStep } from './examination.ts';

export interface DoctorOutcome {
  /** Whether nothing has failed. */
  readonly works: boolean;
  /** One sentence. */
  readonly summary: string;
  readonly next: NextStep;
}

/** @param fine what to do when nothing is wrong */
export function outcomeOf(checks: readonly Check[], fine: NextStep): DoctorOutcome {
  const failures = checks.filter(({ mark }) => mark === 'fail');
  const warnings = checks.filter(({ mark }) => mark === 'warn');
  const [first] = failures;
  if (first) {
    const others = failures.length === 1 ? '' : `, and ${counted(failures.length - 1, 'other check')} too`;
    const summary = `It does not work: check ${first.number} (${first.title}) failed${others}.`;
    const next = failures.find((check) => check.next)?.next;
    return { works: false, summary, next: next ?? { say: 'Ask the operator of the server, with the report.' } };
  }
  const warned = warnings.find(({ next }) => next);
  const summary = worksSummary(checks, warnings.length);
  return { works: true, summary, next: warned?.next ?? fine };
}

function worksSummary(checks: readonly Check[], warnings: number): string {
  const isTried = checks.some(({ id, mark }) => id === 'session' && mark !== 'skip');
  if (!isTried) return 'Nothing has failed, but not everything could be tested.';
  return warnings === 0 ? 'It works.' : `It works, with ${counted(warnings, 'thing')} to know about.`;
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** What every part of the examination gets. */
import type { Examination } from './examination.ts';
import type { DoctorSubject } from './subject.ts';

export interface Patient<S = DoctorSubject['server']> extends DoctorSubject<S> {
  readonly examination: Examination;
  readonly version: string;
  /** Hides further secrets in everything that is written from now on. */
  readonly hide: (secrets: readonly string[]) => void;
}

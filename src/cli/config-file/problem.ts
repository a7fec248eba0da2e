/** What is wrong with a configuration file, and where. */
import { ProxyError } from '../../errors.ts';
import { unreadableAt } from '../../hosts/formats/unreadable.ts';
import { explain } from '../flags/mistakes/explain.ts';
import { UnexplainedMistake } from '../flags/usage-error.ts';

/** Something wrong at a place in the file. */
export class Problem extends Error {
  override readonly name = 'Problem';
  /** In UTF-16 units from the beginning of the text. */
  readonly offset: number;
  readonly hint: string;

  constructor(offset: number, message: string, hint: string) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

/** The same mistake in a file, where flags have no dashes. */
export function problemFrom(error: unknown, offset: number): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof ProxyError)) throw error;
  const { message, data } = error instanceof UnexplainedMistake ? explain(error) : error;
  return new Problem(offset, withoutDashes(message), withoutDashes(data.hint ?? ''));
}

function withoutDashes(text: string): string {
  return text.replace(/(^|[\s(])--(?=[a-z])/g, '$1');
}

/** The place of a problem as editors and terminals understand it. */
function placeOf(file: string, text: string, offset: number): string {
  const { line, column } = unreadableAt(text, offset, '');
  return `${file}:${line}:${column}`;
}

/** A problem as an error of the program. */
export function fileError(file: string, text: string, { offset, message, hint }: Problem): ProxyError {
  return new ProxyError('usage', `${placeOf(file, text, offset)}: ${message}`, hint === '' ? {} : { hint });
}

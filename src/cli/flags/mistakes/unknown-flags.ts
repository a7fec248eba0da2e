/** A flag, or a value of one, that this program does not have. Another program may have it: see `foreign-flags.ts`. */
import type { ProxyError } from '../../../errors.ts';
import { DESCRIBED } from '../../help/described-options.ts';
import { OPTIONS } from '../options.ts';
import { type Choice, type Mistake, usageError } from '../usage-error.ts';
import { invalidValue } from '../value-checks.ts';
import { foreignHint } from './foreign-flags.ts';
import { nearest } from './nearest.ts';

/** @param flag as it was written, dashes included */
export function explainFlag(flag: string): ProxyError {
  const names = OPTIONS.map(({ name }) => `--${name}`);
  const near = nearest(flag, names);
  return usageError(unknown(flag), near ? `did you mean ${near}?` : 'mcp-proxy --help lists all flags');
}

export function explainValueless(flag: string): ProxyError {
  const option = DESCRIBED.find(({ name }) => name === flag);
  return usageError(`--${flag} needs a value`, `--${flag} ${option?.value}: ${option?.help}`);
}

export function explainChoice({ name, choices, value }: Choice): ProxyError {
  const near = nearestChoice(value, choices);
  return usageError(
    // A slip of the pen is not a secret; anything longer might be one.
    invalidValue(name, value, { isHarmless: near !== undefined && value.length <= near.length + 3 }),
    near ? `did you mean ${near}?` : `expected one of ${choices.join(', ')}`,
  );
}

/** A flag or a value of another program; undefined for every other mistake. */
export function explainForeign(mistake: Mistake): ProxyError | undefined {
  if (mistake.kind === 'flag') {
    const hint = foreignHint(mistake.flag, mistake.value);
    return hint === undefined ? undefined : usageError(unknown(mistake.flag), hint);
  }
  if (mistake.kind !== 'choice') return undefined;
  const { name, value } = mistake;
  const hint = foreignHint(`--${name}`, value);
  // A value that the table has is not a secret.
  return hint === undefined ? undefined : usageError(invalidValue(name, value, { isHarmless: true }), hint);
}

function unknown(flag: string): string {
  return `unknown flag ${JSON.stringify(flag.slice(0, 60))}`;
}

/** The choice that a value spells differently (`warning`, `INFO`), or most likely meant. */
function nearestChoice(value: string, choices: readonly string[]): string | undefined {
  const word = value.toLowerCase();
  const forms = word.length < 3 ? [] : choices.filter((choice) => choice.startsWith(word) || word.startsWith(choice));
  return forms.length > 0 ? (forms.length > 1 ? undefined : forms[0]) : nearest(word, choices);
}

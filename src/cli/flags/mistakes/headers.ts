/** What is wrong with a header. No error repeats its value, which may be a secret. */
import type { ProxyError } from '../../../errors.ts';
import { CURLY_QUOTE, isAuthorization, QUOTED_CREDENTIALS, SCHEME_ALONE, TWO_SCHEMES } from '../reading/headers.ts';
import { usageError } from '../usage-error.ts';

const EXAMPLE = '-H "Authorization: Bearer ${TOKEN}"';

/** @param name what is in front of the colon; empty without one */
export function explainHeader(text: string, name: string): ProxyError {
  if (CURLY_QUOTE.test(text)) {
    return usageError('a --header contains curly quotes', `type straight ones around the whole header: ${EXAMPLE}`);
  }
  if (name === '') return usageError('a --header is not of the form KEY:VALUE', formHint(text));
  if (/^['"]/.test(name)) {
    return usageError(
      'the name of a --header begins with a quote',
      `cmd.exe understands only double quotes: ${EXAMPLE}`,
    );
  }
  return usageError(
    'the name of a --header contains characters that are not allowed in a header name',
    'expected letters, digits and -, for example -H "X-Key: VALUE"',
  );
}

/** @param value with its placeholders expanded */
export function explainHeaderValue(name: string, value: string): ProxyError {
  if (value === '') return usageError(`--header ${name} has no value`, missingHint(`-H '${name}: \${VALUE}'`));
  if (SCHEME_ALONE.test(value))
    return usageError(`--header ${name} has nothing after ${value}`, missingHint(`-H '${name}: ${value} \${TOKEN}'`));
  if (isAuthorization(name) && QUOTED_CREDENTIALS.test(value)) {
    return usageError(`--header ${name} has quotes around its value`, `leave the inner quotes out: ${EXAMPLE}`);
  }
  const [, scheme] = (isAuthorization(name) && TWO_SCHEMES.exec(value)) || [];
  if (scheme !== undefined) {
    return usageError(
      `--header ${name} has two schemes`,
      `write ${scheme} once, and leave it out of the variable: -H "${name}: ${scheme} \${TOKEN}"`,
    );
  }
  return usageError(
    `--header ${name} contains characters that are not allowed in a header`,
    'copy the value again: it contains a line break, or letters beyond Latin-1',
  );
}

/** A header of one word has lost the rest to a shell. One of several words is as the user wrote it. */
function formHint(text: string): string {
  if (text.trimStart().startsWith(':')) return `write a name before the colon: ${EXAMPLE}`;
  return /[\s=]/.test(text.trim())
    ? `write a colon after the name: ${EXAMPLE}`
    : `put the whole header into quotes: ${EXAMPLE}`;
}

/**
 * The value is missing when a shell replaced an unset variable, or cut the header at a space. Between double quotes,
 * the shell would expand the example again.
 */
function missingHint(example: string): string {
  return `the shell may have expanded a variable that is not set: export it, and use single quotes: ${example}`;
}

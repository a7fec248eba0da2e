/** Headers on the command line: `--header`, and the user info of the URL. */

import { type Env, expandVariables } from './placeholders.ts';
import { usageError } from './usage-error.ts';

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110, section 5.5: visible characters, space and tab, and bytes above 0x7f. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const EXAMPLE = '-H "Authorization: Bearer ${TOKEN}"';

/** Word processors and web pages turn straight quotes into these. */
export const CURLY_QUOTE = /[\u2018-\u201f]/;

/**
 * In an `Authorization` value, quotes go around parameters only (RFC 9110, section 11.4), never around the whole value.
 */
const QUOTED_CREDENTIALS = /^(?:(?:bearer|basic)\s+)?(["']).*\1$/i;

/** One scheme in the variable, and one in front of it. Neither kind of credentials contains a space. */
const TWO_SCHEMES = /^(bearer|basic)\s+(?:bearer|basic)\s/i;

/** The name and the value in `KEY:VALUE`. Throws a usage error that does not repeat the value. */
export function parseHeader(text: string, env: Env): readonly [string, string] {
  if (CURLY_QUOTE.test(text)) {
    throw usageError('a --header contains curly quotes', `type straight ones around the whole header: ${EXAMPLE}`);
  }
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0)).trim();
  if (colon === -1 || name === '') throw usageError('a --header is not of the form KEY:VALUE', formHint(text));
  if (/^['"]/.test(name)) {
    throw usageError(
      'the name of a --header begins with a quote',
      `cmd.exe understands only double quotes: ${EXAMPLE}`,
    );
  }
  if (!HEADER_NAME.test(name))
    throw usageError(
      'the name of a --header contains characters that are not allowed in a header name',
      'expected letters, digits and -, for example -H "X-Key: VALUE"',
    );
  const value = expandVariables(text.slice(colon + 1).trim(), env, `--header ${name}`).trim();
  if (value === '') throw usageError(`--header ${name} has no value`, missingHint(`-H '${name}: \${VALUE}'`));
  if (/^(bearer|basic)$/i.test(value))
    throw usageError(`--header ${name} ends after ${value}`, missingHint(`-H '${name}: ${value} \${TOKEN}'`));
  if (/^authorization$/i.test(name) && QUOTED_CREDENTIALS.test(value)) {
    throw usageError(`--header ${name} has quotes around its value`, `leave the inner quotes out: ${EXAMPLE}`);
  }
  const [, scheme] = (/^authorization$/i.test(name) && TWO_SCHEMES.exec(value)) || [];
  if (scheme !== undefined) {
    throw usageError(
      `--header ${name} has two schemes`,
      `write ${scheme} once, and leave it out of the variable: -H "${name}: ${scheme} \${TOKEN}"`,
    );
  }
  if (!HEADER_VALUE.test(value)) {
    throw usageError(
      `--header ${name} contains characters that are not allowed in a header`,
      'copy the value again: it contains a line break, or letters beyond Latin-1',
    );
  }
  return [name, value];
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

/** User info of a URL as an `Authorization` value (RFC 7617), or undefined without user info. */
export function credentialsIn(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  try {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
  } catch {
    throw usageError('the user name or the password in the URL is not encoded properly', 'write % as %25');
  }
}

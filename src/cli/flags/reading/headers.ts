/** Headers on the command line: `--header`, and the user info of the URL. */

import type { Env } from '../../../core/ports.ts';
import { UnexplainedMistake, usageError } from '../usage-error.ts';
import { expandVariables } from './placeholders.ts';

/** Without an apostrophe at the beginning, which is a quote that cmd.exe does not understand. */
const HEADER_NAME = /^(?!')[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110, section 5.5: visible characters, space and tab, and bytes above 0x7f. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Word processors and web pages turn straight quotes into these. */
export const CURLY_QUOTE = /[\u2018-\u201f]/;

/**
 * In an `Authorization` value, quotes go around parameters only (RFC 9110, section 11.4), never around the whole value.
 */
export const QUOTED_CREDENTIALS = /^(?:(?:bearer|basic)\s+)?(["']).*\1$/i;

/** One scheme in the variable, and one in front of it. Neither kind of credentials contains a space. */
export const TWO_SCHEMES = /^(bearer|basic)\s+(?:bearer|basic)\s/i;

/** A scheme whose credentials are missing. */
export const SCHEME_ALONE = /^(?:bearer|basic)$/i;

/** The name and the value in `KEY:VALUE`. Throws a usage error that does not repeat the value. */
export function parseHeader(text: string, env: Env): readonly [string, string] {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0)).trim();
  if (CURLY_QUOTE.test(text) || !HEADER_NAME.test(name)) throw new UnexplainedMistake({ kind: 'header', text, name });
  const value = expandVariables(text.slice(colon + 1).trim(), env, `--header ${name}`).trim();
  const wrong = value === '' || SCHEME_ALONE.test(value) || !HEADER_VALUE.test(value);
  if (wrong || (isAuthorization(name) && (QUOTED_CREDENTIALS.test(value) || TWO_SCHEMES.test(value)))) {
    throw new UnexplainedMistake({ kind: 'header-value', name, value });
  }
  return [name, value];
}

export function isAuthorization(name: string): boolean {
  return /^authorization$/i.test(name);
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

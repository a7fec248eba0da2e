/** Headers on the command line: `--header`, and the user info of the URL. */
import { usageError } from './mistakes.ts';
import { type Env, expandVariables } from './variables.ts';

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110, section 5.5: visible characters, space and tab, and bytes above 0x7f. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const QUOTING = 'put the whole header into quotes: -H "Authorization: Bearer ${TOKEN}"';

/** The name and the value in `KEY:VALUE`. Throws a usage error that does not repeat the value. */
export function parseHeader(text: string, env: Env): readonly [string, string] {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0)).trim();
  if (colon === -1 || name === '') throw usageError('a --header is not of the form KEY:VALUE', QUOTING);
  if (!HEADER_NAME.test(name))
    throw usageError(
      'the name of a --header holds characters that no name may hold',
      'a name consists of letters, digits and -, for example -H "X-Key: VALUE"',
    );
  const value = expandVariables(text.slice(colon + 1).trim(), env, `--header ${name}`).trim();
  if (value === '')
    throw usageError(`--header ${name} has no value`, `put the whole header into quotes: -H "${name}: VALUE"`);
  if (/^(bearer|basic)$/i.test(value)) throw usageError(`--header ${name} ends after ${value}`, QUOTING);
  if (!HEADER_VALUE.test(value)) {
    throw usageError(`--header ${name} holds characters that no header may hold`, 'look for line breaks');
  }
  return [name, value];
}

/** User info of a URL as an `Authorization` value (RFC 7617), or undefined when there is none. */
export function credentialsIn(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  try {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
  } catch {
    throw usageError('the user name or the password in the URL is not encoded properly', 'write % as %25');
  }
}

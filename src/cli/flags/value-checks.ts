/**
 * Checks of the values of flags. Each returns what it expects instead of a wrong value, or undefined for a right one.
 */
import { DEFAULT_TIMEOUT } from '../../config.ts';

const HOST = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]*)$/;

export function checkListen(value: string): string | undefined {
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(value) ?? [];
  const isHost = host !== undefined && HOST.test(host) && (host === '' || URL.canParse(`http://${host}`));
  if (isHost && Number(port) <= 65_535) return undefined;
  if (checkPort(value) === undefined) {
    return `expected a host before the port: localhost:${value}, or :${value} for clients on other machines too`;
  }
  return 'expected :8080, localhost:8080, 127.0.0.1:8080, [::1]:8080 or 0.0.0.0:8080';
}

/** A token that can follow `Bearer` in a header (RFC 6750, section 2.1). */
const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

export function isBearerToken(text: string): boolean {
  return BEARER_TOKEN.test(text);
}

export const CLIENT_TOKEN_FORM =
  'expected letters, digits and -._~+/ (RFC 6750, section 2.1), or @ and the name of a file that contains the token';

/** A value that contains a placeholder or a shell variable is checked after its expansion. */
export function checkClientToken(value: string): string | undefined {
  const right = isBearerToken(value) || value.includes('${') || /^[@$%]./.test(value);
  return right ? undefined : CLIENT_TOKEN_FORM;
}

export function checkForwardHeader(value: string): string | undefined {
  const names = value.split('=');
  const right = names.length <= 2 && names.every((name) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name));
  return right ? undefined : 'expected the name of a header, or NAME=UPSTREAM-NAME, such as X-User or X-User=X-Account';
}

export function checkCount(value: string): string | undefined {
  return /^[1-9]\d{0,6}$/.test(value) ? undefined : 'expected a whole number, 1 or more';
}

export function checkMebibytes(value: string): string | undefined {
  const right = /^[1-9]\d{0,3}$/.test(value) && Number(value) <= 1_024;
  return right ? undefined : 'expected a whole number of MiB from 1 to 1024';
}

export function checkBytes(value: string): string | undefined {
  return /^[1-9]\d{2,8}$/.test(value) ? undefined : 'expected a whole number of bytes, 100 or more';
}

/** The longest time that a Node timer can wait: 24 days. */
const LONGEST = 2_147_483_647;

export function milliseconds(seconds: string): number {
  return Math.min(Number(seconds) * 1_000, LONGEST);
}

/** Milliseconds for which a server may be silent during a request. */
export function timeoutOf(seconds: string | undefined): number {
  return seconds === undefined ? DEFAULT_TIMEOUT : milliseconds(seconds);
}

/** The limits of a server that have no default of their own in a configuration. */
export function limitsIn(flags: { text(name: string): string | undefined }): {
  readonly openTimeout?: number;
  readonly maxMessage?: number;
} {
  const [seconds, mebibytes] = [flags.text('open-timeout'), flags.text('max-message')];
  return {
    ...(seconds !== undefined && { openTimeout: milliseconds(seconds) }),
    ...(mebibytes !== undefined && { maxMessage: Number(mebibytes) * 1_048_576 }),
  };
}

export function checkSeconds(value: string): string | undefined {
  return /^[1-9]\d{0,6}$/.test(value) ? undefined : 'expected a whole number of seconds, 1 or more';
}

/** A check of the JSON of this flag. */
export function jsonOrFile(flag: string): (value: string) => string | undefined {
  return (value) => {
    if (value.startsWith('@') && value.length > 1) return undefined;
    try {
      const parsed: unknown = JSON.parse(value);
      if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return undefined;
    } catch {
      // The check below reports every kind of wrong value the same way.
    }
    if (FILE_NAME.test(value)) return `did you mean --${flag} @${value}?`;
    if (hasLostQuotes(value))
      return `the shell removed the quotes from the JSON: write it to a file, and give --${flag} @client.json`;
    return value.trimStart().startsWith('{')
      ? 'it is not valid JSON: check its commas, quotes and braces'
      : 'expected a JSON object, or @ and the name of a file that contains one';
  };
}

/** The name of a JSON file, without its @. */
const FILE_NAME = /^[\w./\\:~ -]{1,80}\.json$/i;

/**
 * `{client_id:ID}`, `'{client_id:`, `{\client_id\:`: what cmd.exe and PowerShell 5 leave of quoted JSON, or of its
 * first word. `client_id:ID`: what bash leaves of JSON without quotes, whose braces it expands.
 */
function hasLostQuotes(value: string): boolean {
  return /^(?:'?\{\s*\\?[A-Za-z_]+\\?\s*|[a-z]+(?:_[a-z]+)+):/.test(value) && !value.includes('"');
}

export function checkResource(value: string): string | undefined {
  if (value === '') return 'expected a URI; to send no resource parameter: --disable-resource-parameter';
  const absolute = URL.canParse(value) && new URL(value).hash === '';
  return absolute ? undefined : 'expected an absolute URI without a fragment (RFC 8707, section 2)';
}

/** RFC 8252, section 7.3 leaves port and path of the redirect URI to the client. */
export function checkPort(value: string): string | undefined {
  const inRange = /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535;
  return inRange ? undefined : 'expected a port from 1 to 65535; leave the flag out to use any free one';
}

export function checkCallbackPath(value: string): string | undefined {
  const base = 'http://localhost';
  const plain = /^\/(?!\/)/.test(value) && URL.canParse(base + value) && new URL(base + value).href === base + value;
  const alone = plain && new URL(base + value).pathname === value;
  return alone ? undefined : 'expected a path such as /callback, without ? and #';
}

export function checkProfile(value: string): string | undefined {
  return /^[A-Za-z0-9._-]{1,40}$/.test(value) ? undefined : 'expected 1 to 40 letters, digits, dots, - and _';
}

/** The rules of draft-ietf-oauth-client-id-metadata-document, section 3 for a client id. */
export function checkClientMetadataUrl(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const right =
    url?.protocol === 'https:' &&
    url.pathname !== '/' &&
    url.username === '' &&
    url.password === '' &&
    !value.includes('#') &&
    !/\/\.{1,2}(?:[/?]|$)/.test(value);
  return right ? undefined : 'expected an https: URL with a path, such as https://app.example.com/client.json';
}

/** The parameters that the sign-in sets itself: with other values, it could not tell an answer from a forged one. */
const OWN_PARAMETERS = [
  'response_type',
  'client_id',
  'redirect_uri',
  'state',
  'code_challenge',
  'code_challenge_method',
];

export function checkAuthorizeParameter(value: string): string | undefined {
  const [, name] = /^([^=\s]+)=/.exec(value) ?? [];
  if (name === undefined) return 'expected KEY=VALUE, such as prompt=consent';
  if (OWN_PARAMETERS.includes(name)) return `expected another parameter: ${name} belongs to the protocol`;
  return undefined;
}

/** Other programs listen on their `--host`. Here it is the host to which the browser is redirected. */
export function checkRedirectHost(value: string): string | undefined {
  const everyInterface = /^(?:0\.0\.0\.0|\[?(?:::|0:0:0:0:0:0:0:0)\]?)$/.test(value);
  return everyInterface
    ? 'expected the host name in the redirect URI; to serve clients: --listen 0.0.0.0:8080'
    : checkHost(value);
}

export function checkHost(value: string): string | undefined {
  return value !== '' && HOST.test(value) ? undefined : 'expected a host name without a port';
}

/** The form in which browsers send an origin (RFC 6454, section 6.2). Extensions have schemes of their own. */
export function checkOrigin(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const asSent = url && (url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin);
  const right = asSent === value && url?.host !== '' && !/\*/.test(value);
  return right
    ? undefined
    : 'expected the form https://app.example.com, in lower case, without a path and a standard port';
}

export function checkNotEmpty(value: string): string | undefined {
  return value === '' ? 'expected a value that is not empty; check that the variable it comes from is set' : undefined;
}

/** A name that every client accepts (specification 2025-11-25, "Tools", section "Tool Names"). */
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

export function checkRename(value: string): string | undefined {
  const at = value.indexOf('=');
  if (at < 1 || at === value.length - 1) return 'expected OLD=NEW, such as search=search_docs';
  return TOOL_NAME.test(value.slice(at + 1))
    ? undefined
    : 'expected a new name of letters, digits, _, - and dots, at most 128';
}

/**
 * Values that cannot be secrets: a number with its unit, a port, an address of this machine, a host with a port or with
 * a scheme.
 */
const NO_SECRET =
  /^(?:[-+]?\d{1,6}(?:\.\d{1,2})?[a-z]{0,3}|(?:https?:\/\/)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\*|\[?::1?\]?)?(?::\d{1,6})?\/?|https?:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,6})?\/?|[a-z0-9-]+(?:\.[a-z0-9-]+)+:\d{1,6})$/i;

/** Says that the value of a flag is wrong. Repeats the value only if it cannot be a secret. */
export function invalidValue(flag: string, value: string, { isHarmless = NO_SECRET.test(value) } = {}): string {
  return `invalid value for --${flag}${isHarmless && value.length <= 60 ? `: ${JSON.stringify(value)}` : ''}`;
}

/** What every host accepts. */
export function checkServerName(value: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(value) ? undefined : 'expected letters, digits, - and _, at most 64';
}

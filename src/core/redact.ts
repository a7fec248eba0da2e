/** Makes outside text safe to show: printable, short, and free of secrets. */

import type { Log } from './ports.ts';

/** Shorter values are not worth hiding, and hiding them would garble ordinary words. */
const SHORTEST_SECRET = 6;

export type Redact = (text: string) => string;

/** From this length on, the beginning of a secret still counts as a secret; in UTF-16 units. */
const BEGINNING = 16;
/** The same in front of {@link CUT}: there it is known that something was cut off. */
const SHORT_BEGINNING = 3;
/** What stands in the place of the end of a text, see {@link printable}. */
const CUT = '…';

/**
 * A function that replaces every given secret with `***`, in any context. The beginning of a secret counts too: a server
 * that quotes a secret may cut it off.
 * @param secrets may grow later
 */
export function redactor(secrets: readonly string[]): Redact {
  let hidden: string[] = [];
  let read = 0;
  return (text) => {
    // More may have become known.
    if (secrets.length !== read) {
      hidden = [...new Set(secrets.filter((s) => s.length >= SHORTEST_SECRET).flatMap(spelled))];
      read = secrets.length;
    }
    const cuts = placesOf(CUT, text);
    const found = hidden
      .flatMap((secret) => occurrences(secret, text, cuts))
      .sort((a, b) => a.from - b.from || b.to - a.to);
    let shown = '';
    let end = 0;
    for (const { from, to } of found) {
      // Secrets overlap when one contains another: hide them together.
      if (from >= end) shown += `${text.slice(end, from)}***`;
      end = Math.max(end, to);
    }
    return shown + text.slice(end);
  };
}

/** A secret, also as servers spell it in JSON, in URLs and forms, and in HTML. */
function spelled(secret: string): string[] {
  // Most secrets are spelled the same everywhere.
  if (/^[\w.~-]*$/.test(secret)) return [secret];
  const inJson = JSON.stringify(secret).slice(1, -1);
  const inUrl = secret.replace(/[^\w.~-]+/g, encoded);
  const inForm = inUrl.replaceAll('%20', '+');
  const lower = (text: string): string => text.replace(/%../g, (code) => code.toLowerCase());
  const inHtml = ['&#39;', '&#039;', '&#x27;', '&apos;'].flatMap((apostrophe) =>
    ['&quot;', '&#34;'].map((quote) => {
      const named = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
      return named.replaceAll('"', quote).replaceAll("'", apostrophe);
    }),
  );
  const written = [secret, inJson, inJson.replaceAll('/', '\\/'), safelyEncoded(secret), inUrl, inForm];
  return [...written, lower(inUrl), lower(inForm), ...inHtml, secret.replaceAll('&', '&amp;')];
}

/** Every character as its escapes, also those that `encodeURIComponent` leaves as they are. */
function encoded(text: string): string {
  return safelyEncoded(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function safelyEncoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The log without what `redact` hides. A URL for the user to open stays as it is. */
export function redactedLog(log: Log, redact: Redact): Log {
  return {
    debug: (line) => log.debug(redact(line)),
    info: (line, url) => log.info(redact(line), url),
    warn: (line, url) => log.warn(redact(line), url),
    error: (line) => log.error(redact(line)),
  };
}

function placesOf(mark: string, text: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) places.push(at);
  return places;
}

/** The places in a text that hold a secret or the beginning of one. */
function occurrences(
  secret: string,
  text: string,
  cuts: readonly number[],
): { readonly from: number; readonly to: number }[] {
  const beginning = secret.slice(0, BEGINNING);
  const found: { from: number; to: number }[] = [];
  for (let from = text.indexOf(beginning); from !== -1; ) {
    let to = from + beginning.length;
    while (to < text.length && to - from < secret.length && text[to] === secret[to - from]) to++;
    found.push({ from, to });
    // Another occurrence may begin within the end of this one.
    from = text.indexOf(beginning, Math.max(from + 1, to - beginning.length + 1));
  }
  for (const to of cuts) {
    let length = Math.min(beginning.length - 1, to);
    while (length >= SHORT_BEGINNING && !text.startsWith(beginning.slice(0, length), to - length)) length--;
    if (length >= SHORT_BEGINNING) found.push({ from: to - length, to });
  }
  return found;
}

/**
 * The secrets in a header: its value, the credentials after a scheme such as `Bearer`, the
 * password inside `Basic` ones (RFC 7617), every single cookie.
 */
export function headerSecrets(name: string, value: string): string[] {
  const credentials = value.replace(/^\S+\s+/, '');
  const secrets = [value, credentials];
  if (/^basic\s/i.test(value)) {
    const pair = Buffer.from(credentials, 'base64').toString('utf8');
    secrets.push(pair, pair.slice(pair.indexOf(':') + 1));
  }
  if (name.toLowerCase() === 'cookie') {
    for (const cookie of value.split(';')) {
      const content = cookie.slice(cookie.indexOf('=') + 1).trim();
      secrets.push(content, content.replace(/^"|"$/g, ''));
    }
  }
  return secrets;
}

/** Names of variables whose values are secrets, even where they are written out. */
export const SECRET_NAME = /KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH/i;

/** The secrets among variables. */
export function variableSecrets(variables: readonly (readonly [name: string, value: string])[]): string[] {
  return variables.filter(([name]) => SECRET_NAME.test(name)).map(([, value]) => value);
}

/** The URL as it may be shown: without user info, and with the values of its query hidden. */
export function showUrl(url: URL): string {
  const keys = [...url.searchParams.keys()];
  const query = keys.length > 0 ? `?${keys.map((key) => `${encodeURIComponent(key)}=***`).join('&')}` : '';
  return `${url.protocol}//${url.host}${url.pathname}${query}`;
}

/** The secrets in a URL: user info and the values of its query. */
export function urlSecrets(url: URL): string[] {
  return [url.username, url.password, ...valuesIn(url)].flatMap((s) => [s, safelyDecoded(s)]);
}

/** The values of the query: as a program reads them, and as they are spelled. */
function valuesIn(url: URL): string[] {
  const { search } = url;
  // Node makes the parameters of a URL when they are first read.
  if (search === '') return [];
  const spelled = search.slice(1).split('&');
  return [...url.searchParams.values(), ...spelled.map((pair) => pair.slice(pair.indexOf('=') + 1))];
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Characters that control a terminal or change the direction of a text, except line breaks and tabs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const LINE_CONTROLS = new RegExp(`(?:${CONTROLS.source}|[\t\n\u2028\u2029])+`, 'g');

/** The text without characters that a terminal would act on; it may have several lines. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, ' ');
}

/**
 * One line, at most `limit` characters, control characters and line separators replaced. Hide secrets first: from what
 * was cut off, {@link redactor} cannot tell a beginning of one or two characters.
 */
export function printable(text: string, limit = 1_000): string {
  const line = text.replace(LINE_CONTROLS, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit)}${CUT}` : line;
}

/**
 * How many bytes of a body an error keeps: more than any token has. An error shows far fewer,
 * because the proxy first hides secrets and then cuts the text.
 */
const EXCERPT = 65_536;

/** The first bytes of a body as text, whole characters only. */
export function excerpt(body: Buffer): string {
  return new TextDecoder().decode(body.subarray(0, EXCERPT), { stream: true });
}

/** Makes what came from outside safe to show: printable, short, and free of secrets. */

/** Shorter values are no secrets worth hiding, and hiding them would garble ordinary words. */
const SHORTEST_SECRET = 6;

export type Redact = (text: string) => string;

/** A function that replaces every given secret, in whatever context it stands, by `***`. */
export function redactor(secrets: readonly string[]): Redact {
  // Longest first, so that a secret that contains another one is replaced whole.
  const hidden = [...new Set(secrets)].filter((s) => s.length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((t, secret) => t.replaceAll(secret, '***'), text);
}

/**
 * What in a header is secret: its value, the credentials after a scheme such as `Bearer`, the
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

/** The URL as it may be shown: without user info, with the values of its query hidden. */
export function showUrl(url: URL): string {
  const keys = [...url.searchParams.keys()];
  const query = keys.length > 0 ? `?${keys.map((key) => `${encodeURIComponent(key)}=***`).join('&')}` : '';
  return `${url.protocol}//${url.host}${url.pathname}${query}`;
}

/** What in a URL is secret: user info and the values of its query. */
export function urlSecrets(url: URL): string[] {
  const spelled = url.search.slice(1).split('&');
  const values = [...url.searchParams.values(), ...spelled.map((pair) => pair.slice(pair.indexOf('=') + 1))];
  return [url.username, url.password, ...values].flatMap((s) => [s, safelyDecoded(s)]);
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** One line, at most `limit` characters, control characters and line separators replaced. */
export function printable(text: string, limit = 1_000): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

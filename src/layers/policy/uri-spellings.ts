/**
 * The other URIs that a server may take a URI for. Servers decode, normalize and cut the URIs that they get (RFC 3986,
 * section 6), so a pattern that is tested against one spelling only protects nothing.
 */

/** How often a text may be percent-encoded over and over. */
const DEEPEST = 4;
/** Longer URIs are not taken apart, in characters. */
const LONGEST = 16_384;

/** The URI and its other spellings, without duplicates; undefined when it is too long or encoded too often. */
export function spellingsOf(uri: string): readonly string[] | undefined {
  if (uri.length > LONGEST) return undefined;
  const found = new Set<string>();
  let text = uri;
  for (let depth = 0; depth < DEEPEST; depth++) {
    for (const spelling of normalized(text)) found.add(spelling);
    const plain = decoded(text);
    if (plain === text) return [...found];
    text = plain;
  }
  return undefined;
}

/**
 * The spellings that some servers take for the given one, but that no URI needs to be allowed in: a server that finds
 * `file:///docs` under `file://host/docs/` gives what a pattern for the latter is meant for.
 */
export function vagueSpellingsOf(spelling: string): readonly string[] {
  const located = spelling.replace(/^file:\/\/[^/?#]+/i, 'file://');
  // `notes://a/b` is `a/b` to a server for which all of it is a path.
  const relative = located.replace(/^([^/?#]*:\/\/)\/(?=[^/])/, '$1');
  return [spelling, located, relative].flatMap((each) => [each, each.replace(/([^/])\/+$/, '$1')]);
}

/** A pattern for URIs as it matches spellings without empty segments. */
export function withoutEmptySegments(pattern: string): string {
  const [, start = '', rest = ''] = SCHEME_AND_AUTHORITY.exec(pattern) ?? [];
  return start + rest.replace(/\/{2,}/g, '/');
}

/** The text, as the URL standard reads it, as file systems do, and all without what may stand behind the path. */
function normalized(text: string): string[] {
  const forms = [text];
  if (URL.canParse(text)) forms.push(hostInLowerCase(new URL(text).href));
  return forms
    .flatMap((form) => [form, ...asPaths(form)])
    .flatMap((form) => [form, form.replace(/#.*$/s, ''), form.replace(/[?#].*$/s, '')]);
}

/** The URL standard leaves the host of an unknown scheme as it is (RFC 3986, section 6.2.2.1 does not). */
function hostInLowerCase(href: string): string {
  return href.replace(/^[^/?#]*\/\/[^/?#]*/, (start) => start.toLowerCase());
}

const SCHEME = /^((?:[a-z][a-z\d+.-]*:(?:\/\/)?)?)(.*)$/is;
const SCHEME_AND_AUTHORITY = /^((?:[a-z][a-z\d+.-]*:(?:\/\/[^/?#]*)?)?)(.*)$/is;
/** What a file system would read in another way than it is written. */
const RESOLVABLE = /\\|\/\/|(?:^|\/)\.\.?(?:[/?#]|$)/;

/**
 * The URI with its path resolved as file systems resolve it. To some servers, the path begins behind the authority, to
 * others behind the scheme; and it ends in front of the query, or does not.
 */
function asPaths(text: string): string[] {
  const [, scheme = '', behind = ''] = SCHEME.exec(text) ?? [];
  if (!RESOLVABLE.test(behind)) return [];
  // On Windows. A text that is not a URI stays as it is.
  const slashed = scheme === '' ? text : scheme + behind.replaceAll('\\', '/');
  return [...new Set([text, slashed])].flatMap((each) =>
    [SCHEME, SCHEME_AND_AUTHORITY].flatMap((parts) => {
      const [, start = '', path = ''] = parts.exec(each) ?? [];
      const end = path.search(/[?#]/);
      const whole = start + resolved(path);
      return end === -1 ? [whole] : [whole, start + resolved(path.slice(0, end)) + path.slice(end)];
    }),
  );
}

/** The path without empty segments, and without `.` and `..`. */
function resolved(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const end = kept.length > 0 && path.endsWith('/') ? '/' : '';
  return `${path.startsWith('/') ? '/' : ''}${kept.join('/')}${end}`;
}

/** The text with its valid escapes decoded. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      // Servers decode the rest of an escape that is not UTF-8, too.
      return escapes.replace(/%[0-7][0-9a-f]/gi, (one) => decodeURIComponent(one));
    }
  });
}

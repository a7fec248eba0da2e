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

/** The text, as the URL standard reads it, and both without what may stand behind the path. */
function normalized(text: string): string[] {
  const forms = [text];
  if (URL.canParse(text)) forms.push(hostInLowerCase(new URL(text).href));
  return forms.flatMap((form) => [form, form.replace(/#.*$/s, ''), form.replace(/[?#].*$/s, '')]);
}

/** The URL standard leaves the host of an unknown scheme as it is (RFC 3986, section 6.2.2.1 does not). */
function hostInLowerCase(href: string): string {
  return href.replace(/^[^/?#]*\/\/[^/?#]*/, (start) => start.toLowerCase());
}

/** The text with its valid escapes decoded. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

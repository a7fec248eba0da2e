/** Spells a URL from the network so that every shell, opener and terminal reads it as plain text. */

/** A `%` that does not begin an escape. */
const LONE_PERCENT = '%(?![0-9A-Fa-f]{2})';

/**
 * The characters to escape, because a shell, PowerShell or `cmd.exe` may read them as syntax: all
 * but the unreserved ones of RFC 3986 (section 2.3), escapes, and the delimiters that shells
 * leave alone. `&` and `?` are the query's own syntax.
 */
const [IN_PATH, IN_QUERY, IN_FRAGMENT] = ['', '?&', '?'].map(
  (own) => new RegExp(`${LONE_PERCENT}|[^\\w\\-.~%/:@=+${own}]`, 'g'),
) as [RegExp, RegExp, RegExp];

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/;

/**
 * Whether a host is spelled like a name or an address: the URL parser also accepts `$(x)`, which
 * cannot be escaped in a host.
 */
export function isPlainHost({ hostname }: URL): boolean {
  return HOST.test(hostname);
}

/**
 * The URL without its user info, and with everything percent-encoded that other programs could
 * read as syntax. Servers decode it to the original. Applying it twice changes nothing more.
 */
export function plainUrl({ protocol, host, pathname, search, hash }: URL): string {
  const query = search.slice(1).replace(IN_QUERY, escaped);
  const fragment = hash.slice(1).replace(IN_FRAGMENT, escaped);
  const authority = `${protocol}//${host}`;
  return `${authority}${pathname.replace(IN_PATH, escaped)}${query && `?${query}`}${fragment && `#${fragment}`}`;
}

/** The parser has already escaped everything beyond ASCII. */
function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

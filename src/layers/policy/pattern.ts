/** Name patterns in which `*` matches any run of characters, including an empty one. */

export type Matcher = (name: string) => boolean;

/** A matcher for one pattern. Never backtracks: it searches once for each piece, from left to right. */
export function matcher(pattern: string): Matcher {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return (name) => name === pattern;
  const first = pieces[0] as string;
  const last = pieces[pieces.length - 1] as string;
  const middle = pieces.slice(1, -1).filter((piece) => piece !== '');
  return (name) => {
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
    const end = name.length - last.length;
    let at = first.length;
    // The leftmost match of each piece leaves the most room for the next ones.
    for (const piece of middle) {
      const found = name.indexOf(piece, at);
      if (found === -1 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}

/** A matcher for names that any of the patterns matches. */
export function anyOf(patterns: readonly string[]): Matcher {
  const matchers = patterns.map(matcher);
  return (name) => matchers.some((matches) => matches(name));
}

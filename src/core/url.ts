/**
 * An absolute URL, or one relative to a base; undefined when the text is neither. `URL.canParse`
 * must not decide this: once optimized, Node 20 misreads texts with characters from U+0080 to
 * U+00FF.
 */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** The same URL with `https:` instead of `http:`, or the other way round. */
export function otherScheme(url: URL): URL {
  const encrypted = url.protocol === 'https:';
  const other = new URL(url);
  other.protocol = encrypted ? 'http:' : 'https:';
  // The former default port must now be written out.
  other.port = url.port || (encrypted ? '443' : '80');
  return other;
}

/**
 * An absolute URL, or one relative to a base; undefined when the text is neither. `URL.canParse`
 * must not decide this: in Node 20, once optimized, it misreads texts with characters from U+0080
 * to U+00FF.
 */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

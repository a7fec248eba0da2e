/**
 * URIs of resources and templates of several servers. Where two servers have the same one, the name of the server comes
 * right behind the scheme: `docs://guide` of the server `a` is `docs://a__guide`. The scheme stays, because clients go by
 * it: `ui://` means an interface of a tool. Pure.
 */
import { prefixedName } from './names.ts';

/** A scheme (RFC 3986, section 3.1) with the slashes behind it. */
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/)?/;

/** The URI or template with the name of its server. */
export function prefixedUri(server: string, uri: string): string {
  const scheme = SCHEME.exec(uri)?.[0] ?? '';
  return scheme + prefixedName(server, uri.slice(scheme.length));
}

/** The server's own URI, if this one has the server's name in it. */
export function withoutServer(server: string, uri: string): string | undefined {
  const scheme = SCHEME.exec(uri)?.[0] ?? '';
  const mark = prefixedName(server, '');
  return uri.startsWith(mark, scheme.length) ? scheme + uri.slice(scheme.length + mark.length) : undefined;
}

/** Longer templates, and those with more variables, are not matched: their only use is to exhaust a matcher. */
const LONGEST = 2_000;
const MOST = 20;

/**
 * Whether a URI may come from a template (RFC 6570). Variables may be anything, so several templates may match.
 * Looks for the fixed parts of the template from left to right, which takes time linear in the length of the URI.
 */
export function mayComeFrom(template: string, uri: string): boolean {
  if (template.length > LONGEST) return false;
  const parts = template.split(/\{[^{}]*\}/);
  if (parts.length > MOST) return false;
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return uri === first;
  if (!uri.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = uri.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return uri.length - last.length >= at && uri.endsWith(last);
}

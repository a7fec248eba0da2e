/**
 * The resources that a resource may be a part of: an update may name a part of what a client has subscribed to
 * (specification 2025-11-25, "Resources").
 */

/** Parents are looked for only in this many characters of a URI, because each slash costs a look-up. */
const LONGEST = 2_048;

/** The beginnings of a URI that end before or after a slash, the shortest first. */
export function* parentsOf(uri: string): Generator<string> {
  for (let at = uri.indexOf('/'); at !== -1 && at < LONGEST; at = uri.indexOf('/', at + 1)) {
    yield uri.slice(0, at);
    yield uri.slice(0, at + 1);
  }
}

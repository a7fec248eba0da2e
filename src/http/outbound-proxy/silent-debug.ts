/**
 * Replaces the package `debug`, which the outbound proxy agents log to: with `DEBUG` set it would
 * write request headers, credentials included, to stderr.
 */
export default function createDebug(): () => void {
  return () => {};
}

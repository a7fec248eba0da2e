/** The header `Retry-After` (RFC 9110, section 10.2.3). */

/** Seconds that the server asks clients to wait, or undefined when it does not say. */
export function retryAfterSeconds(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}

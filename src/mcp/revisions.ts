/** The protocol revisions, as data (https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning). */

/** Revisions that open with an `initialize` handshake, newest first. */
export const LEGACY_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

/** Revisions whose requests each carry version, identity and capabilities, newest first. */
export const MODERN_REVISIONS = ['2026-07-28'] as const;

export function isModernRevision(version: string): boolean {
  return (MODERN_REVISIONS as readonly string[]).includes(version);
}

/**
 * Whether a revision opens with `initialize`; revisions older than the first one that the proxy
 * speaks did so too.
 */
export function isLegacyRevision(version: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(version) && version <= LEGACY_REVISIONS[0];
}

export const HEADER_MISMATCH = -32020;
export const MISSING_CLIENT_CAPABILITY = -32021;
/** Servers of both eras send this code; its `data.supported` lists the revisions that they speak. */
export const UNSUPPORTED_VERSION = -32022;

/** Whether a code is one of 2026-07-28. */
export function isModernError(code: number | undefined): boolean {
  return code === HEADER_MISMATCH || code === MISSING_CLIENT_CAPABILITY || code === UNSUPPORTED_VERSION;
}

/** What results of 2026-07-28 say about themselves (specification 2026-07-28, "ResultType" and "Caching"). */

/** The answer is complete: the server asks nothing back. */
export const COMPLETE = { resultType: 'complete' } as const;

/** Only for the client that asked, and stale at once: the next request may get a different result. */
export const UNCACHED = { ttlMs: 0, cacheScope: 'private' } as const;

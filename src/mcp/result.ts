/** What results of 2026-07-28 say of themselves (specification 2026-07-28, "ResultType" and "Caching"). */

/** The answer is all there: nothing is asked back. */
export const COMPLETE = { resultType: 'complete' } as const;

/** For the client that asked, and already old: the next request may get a different result. */
export const UNCACHED = { ttlMs: 0, cacheScope: 'private' } as const;

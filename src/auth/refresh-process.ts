/** Refreshes the stored tokens with this serial in a process that outlives this one. False if it could not be started. */
export type RefreshElsewhere = (serial: number) => Promise<boolean>;

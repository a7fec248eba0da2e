/** Renews the stored tokens with this serial in another process, which outlives this one; whether they are renewed. */
export type RenewApart = (serial: number) => Promise<boolean>;

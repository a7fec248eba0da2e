/** Whether the server can be reached now, and accepts the proxy. */
export interface Readiness {
  readonly reachable: boolean;
  /** Why not, if known. */
  readonly unreachable?: string | undefined;
  /** Whether the server still waits for a sign-in. */
  readonly signInNeeded: boolean;
  /** Where the user signs in. */
  readonly signInUrl?: string | undefined;
  /** The code that the user enters there, with the device grant. */
  readonly userCode?: string | undefined;
  /** Why the last sign-in failed. */
  readonly reason?: string | undefined;
  /** The store that replicas share, if this is one of them. */
  readonly store?: { readonly trouble: string | undefined; readonly replicas: { readonly count: number } } | undefined;
}

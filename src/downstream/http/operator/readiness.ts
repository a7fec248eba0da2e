/** Whether the server can be reached now, and lets the proxy in. */
export interface Readiness {
  readonly reachable: boolean;
  /** Why not, where it is known. */
  readonly unreachable?: string | undefined;
  /** Whether the server asks for a sign-in that is still to be done. */
  readonly signInNeeded: boolean;
  /** Where to do it. */
  readonly signInUrl?: string | undefined;
  /** What to enter there, with the device grant. */
  readonly userCode?: string | undefined;
  /** Why a sign-in that was begun came to nothing. */
  readonly reason?: string | undefined;
}

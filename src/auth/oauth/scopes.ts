/** Which scopes to ask for (specification 2026-07-28, "Scope Selection Strategy" and "Step-Up Authorization Flow"). */

export interface ScopeSources {
  /** What the challenge asks for, separated by spaces. */
  readonly challenged: string | undefined;
  /** What the user has pinned. */
  readonly pinned: string | undefined;
  /** What the protected resource metadata lists. */
  readonly resource: readonly string[] | undefined;
  /** What the authorization server advertises. */
  readonly server: readonly string[] | undefined;
  /** What was asked for the last time; kept when a step-up only names what is new. */
  readonly before: string | undefined;
  /** What this provider always wants. */
  readonly always?: readonly string[] | undefined;
  readonly withoutOfflineAccess?: boolean | undefined;
}

/** The scopes of the authorization request, separated by spaces; undefined when the parameter is left out. */
export function scopesToAsk(sources: ScopeSources): string | undefined {
  const { challenged, pinned, resource, server, before } = sources;
  const wanted = challenged ?? pinned ?? resource?.join(' ');
  const asked = new Set([...words(before), ...words(wanted), ...(sources.always ?? [])]);
  // Without it many servers issue no refresh token; those that do not know the scope would refuse all of them.
  if (server?.includes('offline_access')) asked.add('offline_access');
  if (sources.withoutOfflineAccess) asked.delete('offline_access');
  return asked.size > 0 ? [...asked].join(' ') : undefined;
}

/** The scopes of a list, whatever separates them: some servers answer with commas. */
export function words(scopes: string | undefined): string[] {
  return scopes === undefined ? [] : scopes.split(/[\s,]+/).filter((word) => word !== '');
}

/** Whether every scope of the first list is in the second one. */
export function covers(granted: string | undefined, needed: string | undefined): boolean {
  const have = new Set(words(granted));
  return words(needed).every((word) => have.has(word));
}

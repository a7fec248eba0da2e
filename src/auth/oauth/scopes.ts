/** Which scopes to request (specification 2026-07-28, "Scope Selection Strategy" and "Step-Up Authorization Flow"). */

export interface ScopeSources {
  /** The scopes in the challenge, separated by spaces. */
  readonly challenged: string | undefined;
  /** The scopes that the user has pinned. */
  readonly pinned: string | undefined;
  /** The scopes in the protected resource metadata. */
  readonly resource: readonly string[] | undefined;
  /** The scopes that the authorization server advertises. */
  readonly server: readonly string[] | undefined;
  /** The scopes of the last request. A step-up that names only new scopes keeps them. */
  readonly before: string | undefined;
  /** The scopes that this provider always wants. */
  readonly always?: readonly string[] | undefined;
  readonly withoutOfflineAccess?: boolean | undefined;
}

/** The scopes of the authorization request, separated by spaces; undefined when the parameter is left out. */
export function scopesToAsk(sources: ScopeSources): string | undefined {
  const { challenged, pinned, resource, server, before } = sources;
  const wanted = challenged ?? pinned ?? resource?.join(' ');
  const asked = new Set([...words(before), ...words(wanted), ...(sources.always ?? [])]);
  // Without it, many servers issue no refresh token. Servers that do not know the scope would refuse the whole request.
  if (server?.includes('offline_access')) asked.add('offline_access');
  if (sources.withoutOfflineAccess) asked.delete('offline_access');
  return asked.size > 0 ? [...asked].join(' ') : undefined;
}

/** The scopes in a list, whatever separates them: some servers use commas. */
export function words(scopes: string | undefined): string[] {
  return scopes === undefined ? [] : scopes.split(/[\s,]+/).filter((word) => word !== '');
}

/** Whether the first list contains every scope of the second. */
export function covers(granted: string | undefined, needed: string | undefined): boolean {
  const have = new Set(words(granted));
  return words(needed).every((word) => have.has(word));
}

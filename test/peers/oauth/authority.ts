// What a protected server needs from whoever issues its tokens; the scripted authorization server and the real one both
// provide it.

export interface Bearer {
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly clientId: string;
}

export interface TokenAuthority {
  readonly issuer: string;
  /** The owner of this token; undefined if it is not valid for the resource now. */
  check(token: string, wanted: { resource?: string }): Promise<Bearer | undefined> | Bearer | undefined;
}

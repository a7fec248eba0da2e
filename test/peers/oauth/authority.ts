// What a protected server asks of whoever issues its tokens: the scripted authorization server and the real one both
// answer this.

export interface Bearer {
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly clientId: string;
}

export interface TokenAuthority {
  readonly issuer: string;
  /** Who presents this token, or nothing where it is not one that is valid for the resource now. */
  check(token: string, wanted: { resource?: string }): Promise<Bearer | undefined> | Bearer | undefined;
}

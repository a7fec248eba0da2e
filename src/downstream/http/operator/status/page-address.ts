/** Where a page is served. */
export interface PageAddress {
  /** Scheme, host and prefix of the page, without a slash at the end. */
  readonly origin: string;
  /** The prefix alone. */
  readonly prefix: string;
  /** What a form of this page sends along, and no other page knows. */
  readonly token: string;
}

/** What the router knows of it. */
export type SeenAddress = Omit<PageAddress, 'token'>;

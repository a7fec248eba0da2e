/** What a sign-in is given to work with. */
import type { AuthConfig } from '../config.ts';
import type { Fetch } from '../core/fetch.ts';
import type { Locks, Log, SecretStore } from '../core/ports.ts';
import type { Redact } from '../core/redact.ts';
import type { ProxyError } from '../errors.ts';
import type { RenewApart } from './refresh-process.ts';

export interface AuthOptions {
  /** The protected server; nobody else ever gets a token. */
  readonly server: URL;
  readonly config: AuthConfig;
  /** Without sign-in; for the server and for everything on the way to a token. */
  readonly fetch: Fetch;
  readonly store: SecretStore;
  /** Keeps everything that works on the stored credentials out of each other's way. */
  readonly locks: Locks;
  /** Where the credentials are, to show to the user; undefined for a user without any folder. */
  readonly folder: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Hides the secrets of the configuration: a server may repeat them in an error, which a page then shows. */
  readonly redact: Redact;
  /** Told of an error that no later attempt will mend: only the user can, by starting the program another way. */
  readonly hopeless?: ((error: ProxyError) => void) | undefined;
  readonly renewApart?: RenewApart | undefined;
  /** Told of every token that was got without the user. */
  readonly renewed?: (() => void) | undefined;
}

/** The options and dependencies of a sign-in. */
import type { AuthConfig } from '../config.ts';
import type { Fetch } from '../core/fetch.ts';
import type { Env, Locks, Log, SecretStore } from '../core/ports.ts';
import type { Redact } from '../core/redact.ts';
import type { ProxyError } from '../errors.ts';
import type { RefreshElsewhere } from './refresh-process.ts';

export interface AuthOptions {
  /** The protected server; the token is never sent to any other server. */
  readonly server: URL;
  readonly config: AuthConfig;
  /** A `Fetch` without sign-in, for the server and for all requests that lead to a token. */
  readonly fetch: Fetch;
  /** The addresses that connections to a server have had, where they are known. */
  readonly addresses?: ((server: URL) => ReadonlySet<string>) | undefined;
  readonly store: SecretStore;
  /** Keeps all work on the stored credentials from interfering. */
  readonly locks: Locks;
  /**
   * Whether other machines use the same credentials. Then nothing is refreshed without the lock, and the store itself
   * keeps what it cannot take now.
   */
  readonly isShared?: boolean;
  /** The folder of the credentials, to show to the user; undefined for a user without one. */
  readonly folder: string | undefined;
  readonly env: Env;
  readonly log: Log;
  /** Hides the secrets of the configuration: a server may repeat them in an error, which a page then shows. */
  readonly redact: Redact;
  /** Called with an error that no later attempt will fix: the user must start the program differently. */
  readonly hopeless?: ((error: ProxyError) => void) | undefined;
  readonly refreshElsewhere?: RefreshElsewhere | undefined;
  /** Called for every token that the proxy got without the user. */
  readonly refreshed?: (() => void) | undefined;
}

/** The dependencies of every sign-in. */
import type { AuthConfig } from '../../config.ts';
import type { Env, Log } from '../../core/ports.ts';
import type { Redact } from '../../core/redact.ts';
import type { SignInState } from '../../core/sign-in.ts';
import type { FetchContext } from '../oauth/library.ts';
import type { Vault } from '../vault/vault.ts';

export interface SignInContext {
  readonly wire: FetchContext;
  readonly config: AuthConfig;
  readonly env: Env;
  readonly vault: Vault;
  readonly state: SignInState;
  readonly log: Log;
  readonly redact: Redact;
}

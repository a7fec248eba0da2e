/** The dependencies of every sign-in. */
import type { AuthConfig } from '../../config.ts';
import type { Log } from '../../core/ports.ts';
import type { Redact } from '../../core/redact.ts';
import type { SignInState } from '../../core/sign-in.ts';
import type { Wire } from '../oauth/library.ts';
import type { Vault } from '../vault/vault.ts';

export interface SignInContext {
  readonly wire: Wire;
  readonly config: AuthConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly vault: Vault;
  readonly state: SignInState;
  readonly log: Log;
  readonly redact: Redact;
}

/** Puts the parts of a sign-in together, the first time one is needed. */
import path from 'node:path';
import type { SignInState } from '../core/sign-in.ts';
import { Authorizer } from './authorizer.ts';
import type { SignInContext } from './browser-sign-in.ts';
import type { AuthOptions } from './context.ts';
import { ProcessLock } from './lock.ts';
import { ALONE, Vault } from './vault.ts';

/** @param name of the credentials, see `credentialsName`. */
export function openAuthorizer(
  options: AuthOptions,
  name: string,
  state: SignInState,
  { vault = openVault(options, name), pasted }: { vault?: Vault; pasted?: SignInContext['pasted'] } = {},
): Authorizer {
  const { server, config, fetch, env, log, renewApart, hopeless } = options;
  return new Authorizer({ server, config, fetch, vault, env, state, log, renewApart, pasted, hopeless });
}

/** @param purpose keeps the locks of different kinds of work apart. */
export function openVault(
  { store, folder }: Pick<AuthOptions, 'store' | 'folder'>,
  name: string,
  purpose = 'lock',
): Vault {
  const lock = folder === undefined ? ALONE : new ProcessLock(path.join(folder, 'credentials', `${name}.${purpose}`));
  return new Vault(store, name, lock);
}

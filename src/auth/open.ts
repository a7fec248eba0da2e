/** Puts the parts of a sign-in together, the first time one is needed. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SignInState } from '../core/sign-in.ts';
import { Authorizer } from './authorizer.ts';
import type { SignInContext } from './browser-sign-in.ts';
import type { AuthOptions } from './context.ts';
import { ProcessLock } from './lock.ts';
import { Vault } from './vault.ts';

/** @param name of the credentials, see `credentialsName`. */
export function openAuthorizer(
  options: AuthOptions,
  name: string,
  state: SignInState,
  { vault = openVault(options, name), pasted }: { vault?: Vault; pasted?: SignInContext['pasted'] } = {},
): Authorizer {
  const { server, config, fetch, env, log, renewApart } = options;
  return new Authorizer({ server, config, fetch, vault, env, state, log, renewApart, pasted });
}

/** @param purpose keeps the locks of different kinds of work apart. */
export function openVault(options: Pick<AuthOptions, 'store' | 'folder'>, name: string, purpose = 'lock'): Vault {
  // A user without a folder shares nothing with other processes, so any place will do.
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'mcp-proxy-'));
  return new Vault(options.store, name, new ProcessLock(path.join(folder, 'credentials', `${name}.${purpose}`)));
}

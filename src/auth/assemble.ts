/** Builds the parts of a sign-in when the proxy first needs one. */
import type { Lock } from '../core/ports.ts';
import type { SignInState } from '../core/sign-in.ts';
import { Authorizer } from './authorizer.ts';
import type { AuthOptions } from './options.ts';
import { forgivingLock, forgivingStore, Unwritable } from './vault/unwritable.ts';
import { Vault } from './vault/vault.ts';

/** @param name the name of the credentials, see `credentialsName`. */
export function openAuthorizer(options: AuthOptions, name: string, state: SignInState): Authorizer {
  const { server, config, fetch, addresses, env, folder, log, redact, refreshElsewhere, isShared, hopeless } = options;
  const unwritable = new Unwritable(log);
  const common = isShared ? options : { ...options, store: forgivingStore(options.store, unwritable) };
  const soften = (lock: Lock): Lock => (isShared ? lock : forgivingLock(lock, unwritable));
  const vault = openVault(common, name, 'lock', soften);
  // The refresh process has a lock of its own. This one keeps other proxies from starting a second refresh process.
  const renewals = openVault(common, name, refreshElsewhere ? 'renewing' : 'renewal', soften);
  // Another process cannot see credentials that only this one holds.
  const apart = (): AuthOptions['refreshElsewhere'] => (unwritable.known ? undefined : refreshElsewhere);
  return new Authorizer({
    server,
    config,
    fetch,
    addresses,
    vault,
    renewals,
    env,
    folder,
    state,
    log,
    redact,
    apart,
    hopeless,
  });
}

/** @param purpose separates the locks of different kinds of work. */
export function openVault(
  { store, locks }: Pick<AuthOptions, 'store' | 'locks'>,
  name: string,
  purpose = 'lock',
  soften: (lock: Lock) => Lock = (lock) => lock,
): Vault {
  const lockFor = (what: string): Lock => soften(locks(`${name}.${what}`));
  return new Vault(store, name, lockFor(purpose), lockFor('write'));
}

/** The work of the process that `renewal.ts` starts. */
import { credentialsName } from '../auth/credentials.ts';
import { openAuthorizer, openVault } from '../auth/open.ts';
import type { Config } from '../config.ts';
import { Cancellation } from '../core/cancel.ts';
import type { Log } from '../core/ports.ts';
import { SignInState } from '../core/sign-in.ts';
import { openPlace } from './place.ts';

/** Renews the stored credentials, unless they are no longer those of the serial. Rejects with a ProxyError. */
export async function renewStored(config: Config, log: Log, version: string, serial: number): Promise<void> {
  const { options, http } = await openPlace(config, log, version);
  const name = credentialsName(config.url, config.auth.resource, config.auth.profile);
  // A lock of its own: whoever started this process, and may be dead by now, has the other one.
  const vault = openVault(options, name, 'renewal');
  const isOther = (): true | undefined => (vault.read()?.serial === serial ? undefined : true);
  try {
    if (await vault.lockUnless(isOther, new Cancellation())) return;
    const stored = vault.read();
    if (stored) await openAuthorizer(options, name, new SignInState(), { vault }).refreshHere(stored);
  } finally {
    await vault.unlock();
    http.close();
  }
}

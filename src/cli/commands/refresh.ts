/** The work of the process that `start-refresh.ts` starts. */

import { openVault } from '../../auth/assemble.ts';
import { renew } from '../../auth/refresh.ts';
import { credentialsName } from '../../auth/vault/credentials.ts';
import type { Config } from '../../config.ts';
import { Cancellation } from '../../core/cancel.ts';
import type { Log } from '../../core/ports.ts';
import { openPlace } from '../credential-store.ts';

/** Refreshes the stored credentials, unless their serial has changed. Rejects with a ProxyError. */
export async function renewStored(config: Config, log: Log, version: string, serial: number): Promise<void> {
  const { options, http } = await openPlace(config, { log, version, redact: String });
  const name = credentialsName(config.url, config.auth.resource, config.auth.profile);
  // A separate lock: the process that started this one holds the other, and may be dead by now.
  const vault = openVault(options, name, 'renewal');
  const wire = { fetch: http.fetch, server: config.url, signal: new Cancellation() };
  const isOther = async (): Promise<true | undefined> => ((await vault.read())?.serial === serial ? undefined : true);
  try {
    if (await vault.lockUnless(isOther, wire.signal)) return;
    const stored = await vault.read();
    if (stored) await renew({ wire, config: config.auth, vault, log }, stored);
  } finally {
    await vault.unlock();
    http.close();
  }
}

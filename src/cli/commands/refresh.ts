/** The work of the process that `start-refresh.ts` starts. */

import { openVault } from '../../auth/assemble.ts';
import { refreshStored } from '../../auth/refresh.ts';
import { credentialsName } from '../../auth/vault/credentials.ts';
import type { HttpServer } from '../../config.ts';
import { Cancellation } from '../../core/cancel.ts';
import { openPlace } from '../sign-in-parts.ts';
import type { CommandContext } from './context.ts';

/** Refreshes the stored credentials, unless their serial has changed. Rejects with a ProxyError. */
export async function refreshOnce(
  server: HttpServer,
  serial: number,
  context: Omit<CommandContext, 'print' | 'progress' | 'redact'>,
): Promise<void> {
  const { options, http } = await openPlace(server, { ...context, redact: String });
  const name = credentialsName(server.url, server.auth.resource, server.auth.profile);
  // A separate lock: the process that started this one holds the other, and may be dead by now.
  const vault = openVault(options, name, 'renewal');
  const wire = { fetch: http.fetch, server: server.url, signal: new Cancellation() };
  const isOther = async (): Promise<true | undefined> => ((await vault.read())?.serial === serial ? undefined : true);
  try {
    if (await vault.lockUnless(isOther, wire.signal)) return;
    const stored = await vault.read();
    if (stored) await refreshStored({ wire, config: server.auth, vault, log: context.log }, stored);
  } finally {
    await vault.unlock();
    http.close();
  }
}

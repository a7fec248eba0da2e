/** `mcp-proxy logout <url>`: revokes the tokens at the server (RFC 7009), and deletes them. */

import { openVault } from '../../auth/assemble.ts';
import { revoke } from '../../auth/oauth/revocation.ts';
import { credentialsName } from '../../auth/vault/credentials.ts';
import type { HttpServer } from '../../config.ts';
import { Cancellation } from '../../core/cancel.ts';
import { showUrl } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { openPlace } from '../sign-in-parts.ts';
import type { CommandContext } from './context.ts';
import { accountsOf, flagsOf } from './stored-accounts.ts';

/**
 * Deletes the tokens even if the server cannot be told, and prints that it could not.
 * Rejects with a ProxyError while another process waits for its user to sign in.
 */
export async function logout(server: HttpServer, context: CommandContext): Promise<void> {
  const { log, progress, print } = context;
  progress.step('signing out');
  const { options, http } = await openPlace(server, context);
  const name = credentialsName(server.url, server.auth.resource, server.auth.profile);
  const where = showUrl(server.url);
  const signal = new Cancellation();
  const vault = openVault(options, name);
  const refuseDuringSignIn = async (): Promise<void> => {
    if (!(await vault.fresh())) return;
    throw new ProxyError('unauthorized', `a sign-in to ${where} is under way`, {
      hint: 'finish that sign-in, or end the program that waits for it, and try again',
    });
  };
  try {
    // The tokens of a sign-in in progress would be left behind.
    await vault.lockUnless(async () => undefined, signal, refuseDuringSignIn);
    const stored = await vault.read();
    const others = (await accountsOf(options.store, server.url))
      .filter((account) => account.name !== name && account.credentials.tokens !== undefined)
      .map((account) => flagsOf(account, server.url))
      .sort();
    if (!stored && others.length > 0) throw anotherAccount(server, others);
    if (stored?.tokens) {
      const wire = { fetch: http.fetch, server: server.url, signal };
      const told = await revoke(wire, server.auth, stored);
      if (told === 'refused') log.warn('the server could not be told; its tokens stay valid until they expire');
      if (told === 'impossible') log.info('the server cannot revoke tokens; they stay valid until they expire');
    }
    await vault.forget();
    // The server's answers to this account are as private as its tokens.
    await options.store.remove(`${name}.answers`);
    const rest = others.length > 0 ? `; still signed in ${listed(others)}` : '';
    print(stored ? `signed out of ${where}${rest}` : `was not signed in to ${where}`);
  } finally {
    await vault.unlock();
    http.close();
  }
}

/** Accounts, by the flags that select them, for people to read. */
function listed(flags: readonly string[]): string {
  return flags.map((each) => (each === '' ? 'without --profile' : `with ${each}`)).join(' and ');
}

function anotherAccount({ url, auth: { profile } }: HttpServer, others: readonly string[]): ProxyError {
  const where = showUrl(url);
  const asked = profile === undefined ? 'without --profile' : `with --profile ${profile}`;
  const [first] = others;
  return new ProxyError('unauthorized', `not signed in to ${where} ${asked}, but ${listed(others)}`, {
    hint: `mcp-proxy logout ${where}${first ? ` ${first}` : ''}`,
  });
}

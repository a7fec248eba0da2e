/** The sign-ins stored for this user. */
import { type Credentials, credentialsName } from '../../auth/vault/credentials.ts';
import { readCredentials } from '../../auth/vault/stored.ts';
import type { SecretStore } from '../../core/ports.ts';
import { parseUrl } from '../../core/url.ts';

export interface Account {
  /** The name of the credentials in the store. */
  readonly name: string;
  readonly credentials: Credentials;
}

/** @param url if given, only the accounts at this server. */
export async function accountsOf(store: SecretStore, url: URL | undefined): Promise<Account[]> {
  const wanted = url && `${url.origin}${url.pathname}`;
  // The store also contains pending sign-ins and answers of servers.
  const names = (await store.names()).filter((name) => /^[0-9a-f]{32}$/.test(name));
  const all = await Promise.all(names.map(async (name) => ({ name, credentials: await readCredentials(store, name) })));
  return all
    .filter((account): account is Account => account.credentials !== undefined)
    .filter(({ credentials }) => wanted === undefined || credentials.url === wanted);
}

/** The URL, whose query is not stored, and the value of `--resource`: a command needs both to select an account. */
export interface AccountAddress {
  readonly url: URL;
  readonly resource: string | undefined;
}

/** @param given the URL on the command line. Undefined if it does not suffice to find the address. */
export function addressOf({ name, credentials }: Account, given: URL | undefined): AccountAddress | undefined {
  const urls = [given, parseUrl(credentials.url)].filter((url) => url !== undefined);
  const all = urls.flatMap((url) => [undefined, credentials.resource].map((resource) => ({ url, resource })));
  return all.find(({ url, resource }) => credentialsName(url, resource, credentials.profile) === name);
}

/** The flags that select this account of a server. Empty for the account that needs none. */
export function flagsOf(account: Account, given: URL): string {
  const { profile } = account.credentials;
  const resource = addressOf(account, given)?.resource;
  const flags = [profile && `--profile ${profile}`, resource && `--resource ${resource}`];
  return flags.filter(Boolean).join(' ');
}

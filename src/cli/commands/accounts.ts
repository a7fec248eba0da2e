/** Every sign-in that is stored for this user. */
import { type Credentials, credentialsName } from '../../auth/vault/credentials.ts';
import { readCredentials } from '../../auth/vault/stored.ts';
import type { SecretStore } from '../../core/ports.ts';
import { parseUrl } from '../../core/url.ts';

export interface Account {
  /** Of the credentials in the store. */
  readonly name: string;
  readonly credentials: Credentials;
}

/** @param url where given, the accounts of this server only. */
export async function accountsOf(store: SecretStore, url: URL | undefined): Promise<Account[]> {
  const wanted = url && `${url.origin}${url.pathname}`;
  // Beside the credentials stand sign-ins that wait, and answers of servers.
  const names = (await store.names()).filter((name) => /^[0-9a-f]{32}$/.test(name));
  const all = await Promise.all(names.map(async (name) => ({ name, credentials: await readCredentials(store, name) })));
  return all
    .filter((account): account is Account => account.credentials !== undefined)
    .filter(({ credentials }) => wanted === undefined || credentials.url === wanted);
}

/** What a command needs to mean an account: the URL, whose query is not stored, and the value of `--resource`. */
export interface Address {
  readonly url: URL;
  readonly resource: string | undefined;
}

/** @param given the URL on the command line. Undefined where that is not enough to find the address. */
export function addressOf({ name, credentials }: Account, given: URL | undefined): Address | undefined {
  const urls = [given, parseUrl(credentials.url)].filter((url) => url !== undefined);
  const all = urls.flatMap((url) => [undefined, credentials.resource].map((resource) => ({ url, resource })));
  return all.find(({ url, resource }) => credentialsName(url, resource, credentials.profile) === name);
}

/** The flags that mean this account of a server, empty for the one that none is needed for. */
export function flagsOf(account: Account, given: URL): string {
  const { profile } = account.credentials;
  const resource = addressOf(account, given)?.resource;
  const flags = [profile && `--profile ${profile}`, resource && `--resource ${resource}`];
  return flags.filter(Boolean).join(' ');
}

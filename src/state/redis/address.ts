/**
 * The address of the store that replicas share: `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]`, or `rediss:` over TLS.
 * With `redis+sentinel:`, the hosts are sentinels, which tell where the store is (Redis documentation, "Sentinel client
 * spec"): `redis+sentinel://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]…]/NAME[/DATABASE]`.
 */

import type { StateConfig } from '../../config.ts';

export type StoreAddress = StateConfig['address'];

/** The registered form of the URL (IANA "redis" and "rediss" URI schemes), and the usual one for Sentinel. */
export const STORE_URL_FORM =
  'redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS, or redis+sentinel://HOST[:PORT],…/NAME';

const [DEFAULT_PORT, SENTINEL_PORT] = [6_379, 26_379];
/** Sentinels of one store: more of them do not make it safer. */
const MAX_SENTINELS = 20;

/** Undefined when the text is not such a URL. */
export function storeAddress(text: string): StoreAddress | undefined {
  const sentinels = /^(rediss?)\+sentinel:\/\/([^/?#@]*@)?([^/?#@]+)\/([^/?#]{1,200})((?:\/\d{0,4})?)$/.exec(text);
  if (!sentinels) return plainAddress(text, DEFAULT_PORT);
  const [, scheme, user = '', hosts = '', name = '', database = ''] = sentinels;
  const found = hosts.split(',').map((host) => plainAddress(`${scheme}://${user}${host}${database}`, SENTINEL_PORT));
  const [first] = found;
  if (!first || found.length > MAX_SENTINELS || found.includes(undefined)) return undefined;
  const addresses = found.flatMap((address) => (address ? [{ host: address.host, port: address.port }] : []));
  const primary = decoded(name);
  return primary === undefined ? undefined : { ...first, sentinel: { primary, addresses } };
}

function plainAddress(text: string, defaultPort: number): StoreAddress | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  if (protocol !== 'redis:' && protocol !== 'rediss:') return undefined;
  const [, database] = /^\/?(\d{0,4})$/.exec(pathname) ?? [];
  const [host, user, secret] = [hostname, username, password].map(decoded);
  if (!host || host.includes(',') || user === undefined || secret === undefined) return undefined;
  if (database === undefined || search !== '' || hash !== '') return undefined;
  return {
    tls: protocol === 'rediss:',
    host: host.replace(/^\[|\]$/g, ''),
    port: port === '' ? defaultPort : Number(port),
    username: user || undefined,
    password: secret || undefined,
    database: Number(database || '0'),
  };
}

/** Undefined for an escape that is not UTF-8. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The store in messages: without user and password. */
export function shownStore({ tls, host, port, sentinel }: StoreAddress): string {
  const scheme = tls ? 'rediss' : 'redis';
  if (!sentinel) return `${scheme}://${shownHost({ host, port })}`;
  return `${scheme}+sentinel://${sentinel.addresses.map(shownHost).join(',')}/${encodeURIComponent(sentinel.primary)}`;
}

function shownHost({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether the text asks for a Redis Cluster: by its scheme, or with several hosts. */
export function isCluster(text: string): boolean {
  // A password may have commas.
  return /^rediss?[+-]cluster:/.test(text) || /^rediss?:\/\/(?:[^/?#]*@)?[^/?#@]*,[^/?#@]*(?:[/?#]|$)/.test(text);
}

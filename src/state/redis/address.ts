/**
 * The address of the store that replicas share: `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]`, or `rediss:` over TLS.
 *
 * - With `redis+sentinel:`, the hosts are sentinels, which tell where the store is (Redis documentation, "Sentinel client
 *   spec"): `redis+sentinel://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]…]/NAME[/DATABASE]`. Sentinels that want a password
 *   of their own get it from the query, under the names that go-redis has for it: `?sentinel_password=PASSWORD`, and
 *   `sentinel_username`.
 * - With `redis+cluster:`, the hosts are some of the nodes of a cluster: `redis+cluster://[USER[:PASSWORD]@]HOST[:PORT][,…]`.
 */

import type { StateConfig } from '../../config.ts';

export type StoreAddress = StateConfig['address'];

/** The registered form of the URL (IANA "redis" and "rediss" URI schemes), and the usual ones for Sentinel and clusters. */
export const STORE_URL_FORM =
  'redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS, ' +
  'or redis+sentinel://HOST[:PORT],…/NAME, or redis+cluster://HOST[:PORT],…';

const [DEFAULT_PORT, SENTINEL_PORT] = [6_379, 26_379];
/** Sentinels of one store, or nodes of one cluster: one that answers is enough. */
const MAX_HOSTS = 20;

/** Undefined when the text is not such a URL. */
export function storeAddress(text: string): StoreAddress | undefined {
  const [, kind] = /^rediss?\+(sentinel|cluster):/.exec(text) ?? [];
  if (kind === 'sentinel') return sentinelAddress(text);
  return kind === 'cluster' ? clusterAddress(text) : plainAddress(text, DEFAULT_PORT);
}

const SENTINEL_URL = /^(rediss?)\+sentinel:\/\/([^/?#@]*@)?([^/?#@]+)\/([^/?#]{1,200})((?:\/\d{0,4})?)(?:\?([^#]*))?$/;

function sentinelAddress(text: string): StoreAddress | undefined {
  const [, scheme, user = '', hosts = '', name = '', database = '', query = ''] = SENTINEL_URL.exec(text) ?? [];
  const found = eachOf(hosts, (host) => plainAddress(`${scheme}://${user}${host}${database}`, SENTINEL_PORT));
  const [primary, credentials] = [decoded(name), sentinelCredentials(query)];
  if (!found || primary === undefined || !credentials) return undefined;
  return { ...found.first, sentinel: { primary, addresses: found.places, ...credentials } };
}

/** Undefined for a query that has anything else. */
function sentinelCredentials(query: string): { username?: string; password?: string } | undefined {
  // Not as a form, in which a plus sign would mean a space: passwords have some.
  const parts = query === '' ? [] : query.split('&').map((part) => /^sentinel_(username|password)=(.*)$/.exec(part));
  const given = new Map(parts.map((part) => [part?.[1], decoded(part?.[2] ?? '')]));
  const [username, password] = [given.get('username'), given.get('password')];
  const isReadable = !given.has(undefined) && [...given.values()].every((value) => value !== undefined);
  if (!isReadable || given.size < parts.length || (username && !password)) return undefined;
  return { ...(username && { username }), ...(password && { password }) };
}

function clusterAddress(text: string): StoreAddress | undefined {
  // Clusters have one database.
  const [, scheme, user = '', hosts = ''] = /^(rediss?)\+cluster:\/\/([^/?#@]*@)?([^/?#@]+)\/?$/.exec(text) ?? [];
  const found = eachOf(hosts, (host) => plainAddress(`${scheme}://${user}${host}`, DEFAULT_PORT));
  return found && { ...found.first, nodes: found.places };
}

/** Where a server, a sentinel or a node of a cluster listens; the host is without brackets. */
export interface StorePlace {
  readonly host: string;
  readonly port: number;
}

/** The places in a list of hosts, and the whole address of the first one; undefined when one of them cannot be read. */
function eachOf(
  hosts: string,
  read: (host: string) => StoreAddress | undefined,
): { readonly first: StoreAddress; readonly places: readonly StorePlace[] } | undefined {
  const found = hosts.split(',').map(read);
  const [first] = found;
  if (!first || found.length > MAX_HOSTS || found.includes(undefined)) return undefined;
  return { first, places: found.flatMap((address) => (address ? [{ host: address.host, port: address.port }] : [])) };
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

/** The store in messages: without users and passwords. */
export function shownStore({ tls, host, port, sentinel, nodes }: StoreAddress): string {
  const scheme = tls ? 'rediss' : 'redis';
  if (nodes) return `${scheme}+cluster://${nodes.map(shownHost).join(',')}`;
  if (!sentinel) return `${scheme}://${shownHost({ host, port })}`;
  return `${scheme}+sentinel://${sentinel.addresses.map(shownHost).join(',')}/${encodeURIComponent(sentinel.primary)}`;
}

function shownHost({ host, port }: StorePlace): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether the text may be meant as the URL of a cluster, in a form that other programs have for it. */
export function mayMeanCluster(text: string): boolean {
  // A password may have commas.
  return /^rediss?-cluster:/.test(text) || /^rediss?:\/\/(?:[^/?#]*@)?[^/?#@]*,[^/?#@]*(?:[/?#]|$)/.test(text);
}

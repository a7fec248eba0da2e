/**
 * The cookies of one origin (RFC 6265), for as long as the program runs. Load balancers use them
 * to keep a session on one node; nothing else here depends on them.
 */

import type { Cookies } from '../core/fetch.ts';

const MAX_COOKIES = 50;
const MAX_LENGTH = 4_096;

interface Cookie {
  readonly value: string;
  readonly path: string;
}

export class CookieJar implements Cookies {
  readonly #cookies = new Map<string, Cookie>();

  get empty(): boolean {
    return this.#cookies.size === 0;
  }

  take(fields: readonly string[], path: string): void {
    for (const field of fields) if (field.length <= MAX_LENGTH) this.#set(field, path);
  }

  header(path: string): string | undefined {
    const pairs: string[] = [];
    for (const [name, cookie] of this.#cookies) if (covers(cookie.path, path)) pairs.push(`${name}=${cookie.value}`);
    return pairs.length > 0 ? pairs.join('; ') : undefined;
  }

  #set(field: string, path: string): void {
    const [pair = '', ...attributes] = field.split(';').map((part) => part.trim());
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(equals, 0));
    const value = pair.slice(equals + 1);
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || !/^[\x21-\x7e]*$/.test(value)) return;
    this.#cookies.delete(name);
    if (hasExpired(attributes)) return;
    const wanted = attribute(attributes, 'path');
    const scope = wanted?.startsWith('/') ? wanted : path.slice(0, Math.max(1, path.lastIndexOf('/')));
    if (this.#cookies.size < MAX_COOKIES) this.#cookies.set(name, { value, path: scope });
  }
}

function attribute(attributes: readonly string[], name: string): string | undefined {
  const found = attributes.find((a) => a.toLowerCase().startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

/** Whether a cookie is set only to delete it. One that expires later counts as valid as long as the program runs. */
function hasExpired(attributes: readonly string[]): boolean {
  const age = attribute(attributes, 'max-age');
  if (age !== undefined) return Number(age) <= 0;
  const expires = Date.parse(attribute(attributes, 'expires') ?? '');
  return !Number.isNaN(expires) && expires <= Date.now();
}

/** Whether a cookie's path covers that of a request (RFC 6265, section 5.1.4). */
function covers(scope: string, path: string): boolean {
  return path === scope || (path.startsWith(scope) && (scope.endsWith('/') || path[scope.length] === '/'));
}

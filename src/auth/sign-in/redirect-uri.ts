/**
 * Where the server sends the browser back to, and on which ports this program may wait for it (RFC 8252, section 7.3).
 * Pure decisions.
 */

import { type AuthConfig, isLoopback } from '../../config.ts';
import { parseUrl } from '../../core/url.ts';
import type { ClientRecord } from '../vault/credentials.ts';
import { usualPort } from './callback-port.ts';

/** The parts of a redirect URI that the listener must match. */
export interface RedirectAddress {
  readonly host: string;
  readonly path: string;
}

/** Where the server sends the browser back to, and where this program listens for it. */
export interface Redirect extends RedirectAddress {
  /** As it must be sent, except for the port if another port will do. */
  readonly uri: string;
  /** The port to listen on, which may differ from that of the URI. */
  readonly port: number;
  /** The user chose or registered the port, so no other one will do. */
  readonly fixed: boolean;
}

type RedirectOptions = Pick<AuthConfig, 'callbackPort' | 'callbackPath' | 'redirectHost'>;

/** @param client the client that will sign in, if it is already known. */
export function redirectOf(flags: RedirectOptions, client: ClientRecord | undefined, server: URL): Redirect {
  const registered = client?.redirectUri === undefined ? undefined : parseUrl(client.redirectUri);
  if (registered && client?.source === 'static') {
    const redirect = leadsHere(registered) ? registeredHere : registeredElsewhere;
    return redirect(flags, registered, server);
  }
  // A client that was registered automatically keeps the port of its last sign-in.
  const last = registered && leadsHere(registered) ? portOf(registered) : undefined;
  const address = { host: flags.redirectHost, path: flags.callbackPath };
  return atAnyPort(flags, address, last ?? usualPort(server));
}

/** The user has registered a loopback URI. One without a port allows any port (RFC 8252, section 7.3). */
function registeredHere(flags: RedirectOptions, uri: URL, server: URL): Redirect {
  const address = { host: uri.hostname, path: uri.pathname };
  const port = portOf(uri);
  if (port === undefined) return atAnyPort(flags, address, usualPort(server));
  return { ...address, uri: uri.href, port: flags.callbackPort ?? port, fixed: true };
}

/** The user has registered a URI that leads to this machine by a detour, such as a relay. */
function registeredElsewhere({ callbackPort, callbackPath }: RedirectOptions, uri: URL, server: URL): Redirect {
  const port = callbackPort ?? usualPort(server);
  return { uri: uri.href, host: uri.hostname, path: callbackPath, port, fixed: true };
}

function atAnyPort({ callbackPort }: RedirectOptions, address: RedirectAddress, preferred: number): Redirect {
  const port = callbackPort ?? preferred;
  const uri = `http://${address.host}:${port}${address.path}`;
  return { ...address, uri, port, fixed: callbackPort !== undefined };
}

function leadsHere({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && isLoopback(hostname);
}

function portOf({ port }: URL): number | undefined {
  return port === '' ? undefined : Number(port);
}

/** The ports to listen on, the preferred one first; 0 is any free port. */
export function portsOf({ port, fixed }: Redirect): readonly [number, ...number[]] {
  return fixed ? [port] : [port, 0];
}

/** The redirect URI to send, once the port is known. */
export function redirectUriAt({ uri, fixed }: Redirect, port: number): string {
  if (fixed) return uri;
  const url = new URL(uri);
  url.port = String(port);
  return url.href;
}

/** Where to listen for a sign-in that another process began with this redirect URI. */
export function addressOf(redirectUri: string, { callbackPath }: Pick<AuthConfig, 'callbackPath'>): RedirectAddress {
  const { hostname: host, pathname } = new URL(redirectUri);
  return { host, path: isLoopback(host) ? pathname : callbackPath };
}

/** Whether a client may use a redirect URI. A client that was registered automatically has exactly one. */
export function mayUse({ source, redirectUri }: ClientRecord, uri: string): boolean {
  return source !== 'registered' || redirectUri === uri;
}

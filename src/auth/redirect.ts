/** Where the browser is sent back to, and on which port this program waits for it (RFC 8252, section 7.3). */

import { createHash } from 'node:crypto';
import { type AuthConfig, isLoopback } from '../config.ts';
import { printable } from '../core/redact.ts';
import { parseUrl } from '../core/url.ts';
import { ProxyError } from '../errors.ts';
import type { ClientRecord } from './credentials.ts';

/** Preferred ports: below those that operating systems give out by themselves. */
const [FIRST_PORT, PORTS] = [14_000, 18_000] as const;

/** Where the browser is sent back to, and where this program listens for it. */
export interface Redirect {
  readonly uri: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** The user chose the port, or registered it: no other one will do. */
  readonly fixed: boolean;
}

export function redirectOf(config: AuthConfig, client: ClientRecord | undefined, server: URL): Redirect {
  const registered = client?.redirectUri === undefined ? undefined : parseUrl(client.redirectUri);
  const local =
    registered && registered.protocol === 'http:' && isLoopback(registered.hostname) ? registered : undefined;
  const localPort = local && local.port !== '' ? Number(local.port) : undefined;
  const fixed = config.callbackPort ?? (client?.source === 'static' ? localPort : undefined);
  const port = fixed ?? localPort ?? FIRST_PORT + (hashOf(server) % PORTS);
  const path = local && client?.source === 'static' ? local.pathname : config.callbackPath;
  const host = local && client?.source === 'static' ? local.hostname : config.redirectHost;
  const own = `http://${host}:${port}${path}`;
  const uri = client?.source === 'static' && registered && (!local || localPort !== undefined) ? registered.href : own;
  const foreign = client?.source === 'static' && registered !== undefined && !local;
  return { uri, host: foreign ? registered.hostname : host, port, path, fixed: fixed !== undefined || foreign };
}

function hashOf(server: URL): number {
  return createHash('sha256').update(server.href).digest().readUInt32BE(0);
}

export function withPort(uri: string, port: number): string {
  const url = new URL(uri);
  url.port = String(port);
  return url.href;
}

/** To be used where another port will do: any other error is thrown. */
export function onlyIfTaken(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
  return undefined;
}

/** Where `callback.ts` listens. */
const CALLBACK_ADDRESSES = ['127.0.0.1', '::1'];

/** An error that names the program that has the port. */
export async function portTaken(port: number): Promise<ProxyError> {
  const { portHolder } = await import('../port-holder.ts');
  const holder = await portHolder(port, CALLBACK_ADDRESSES);
  return new ProxyError(
    'port-taken',
    `the port ${port} of the sign-in is in use${holder ? ` by ${printable(holder, 80)}` : ''}`,
    {
      hint: 'end that program, or register another redirect URI and give its port with --callback-port',
    },
  );
}

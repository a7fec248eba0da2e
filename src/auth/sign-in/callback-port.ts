/** The port for the callback of a sign-in: the usual one of the server, or a free one while another program uses that. */
import { createHash } from 'node:crypto';
import { printable } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { askForPort, type Callback, type CallbackOptions, listenForCallback } from './callback.ts';

/** Preferred ports: below those that operating systems assign automatically. */
const [FIRST_PORT, PORTS] = [14_000, 18_000] as const;

export type CallbackListenOptions = Omit<CallbackOptions, 'port'>;

/** The same for every sign-in at one server, so that its registration fits the next time. */
export function usualPort(server: URL): number {
  return FIRST_PORT + (createHash('sha256').update(server.href).digest().readUInt32BE(0) % PORTS);
}

/** Listens on the first free port. Rejects with a ProxyError `port-taken` if none is free. */
export async function listenOnOneOf(
  ports: readonly [number, ...number[]],
  listener: CallbackListenOptions,
): Promise<Callback> {
  for (const port of ports) {
    const callback = await listenIfFree(port, listener);
    if (callback) return callback;
  }
  throw await portTaken(ports[0]);
}

/** Listens on a port. Undefined if another program uses it; any other error is thrown. */
export function listenIfFree(port: number, listener: CallbackListenOptions): Promise<Callback | undefined> {
  const options = { ...listener, port };
  return listenForCallback(options)
    .catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      // The previous sign-in may still hold the port, for reloads of its page.
      await askForPort(port);
      return listenForCallback(options);
    })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
      return undefined;
    });
}

/** The addresses on which `callback.ts` listens. */
const CALLBACK_ADDRESSES = ['127.0.0.1', '::1'];

/** The error that names the program that uses the port. */
async function portTaken(port: number): Promise<ProxyError> {
  const { portHolder } = await import('../../platform/port-holder.ts');
  const holder = await portHolder(port, CALLBACK_ADDRESSES);
  const by = holder ? ` by ${printable(holder, 80)}` : '';
  return new ProxyError('port-taken', `port ${port}, which the sign-in needs, is in use${by}`, {
    hint: 'end that program, or register a redirect URI with another port and give that port with --callback-port',
  });
}

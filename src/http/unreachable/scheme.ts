/**
 * Finds out whether an unreachable URL should have `http:` instead of `https:` or the other way
 * round. Loaded only when needed.
 */
import type { LookupFunction, TcpNetConnectOpts } from 'node:net';
import { isLoopback } from '../../config.ts';
import { showUrl } from '../../core/redact.ts';
import { otherScheme } from '../../core/url.ts';
import { ProxyError } from '../../errors.ts';

const LOOK_LIMIT = 3_000;

/** The error to report when the server turns out to speak the other scheme. Does not send the request again. */
export async function wrongScheme(url: URL, cause: Error, lookup?: LookupFunction): Promise<ProxyError | undefined> {
  const encrypted = url.protocol === 'https:';
  const place = { ...placeOf(url), ...(lookup && { lookup }) };
  const isOther = encrypted ? await speaksHttp(place, url.host) : await speaksTls(place);
  if (!isOther) return undefined;
  const what = encrypted ? 'does not encrypt' : 'encrypts';
  const unsafe = encrypted && !isLoopback(url.hostname);
  const hint = `use ${showUrl(otherScheme(url))}${unsafe ? ' with --allow-http, which sends everything in the clear' : ''}`;
  const message = `cannot connect to ${url.host}: the server there ${what} (TLS), but the URL begins with ${url.protocol}`;
  return new ProxyError('unreachable', message, { hint }, cause);
}

function placeOf(url: URL): { host: string; port: number } {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) };
}

async function speaksTls(place: TcpNetConnectOpts): Promise<boolean> {
  const { connect } = process.getBuiltinModule('node:tls');
  return new Promise((resolve) => {
    // Any certificate proves that the server speaks TLS; nothing is sent after the handshake.
    const socket = connect({ ...place, rejectUnauthorized: false });
    const done = doneWith(socket, resolve);
    socket.once('secureConnect', () => done(true));
  });
}

async function speaksHttp(place: TcpNetConnectOpts, host: string): Promise<boolean> {
  const { connect } = process.getBuiltinModule('node:net');
  return new Promise((resolve) => {
    const socket = connect(place);
    const done = doneWith(socket, resolve);
    socket.once('connect', () => socket.write(`OPTIONS * HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
    socket.once('data', (chunk: Buffer) => done(chunk.toString('latin1', 0, 5) === 'HTTP/'));
  });
}

function doneWith(socket: import('node:net').Socket, resolve: (found: boolean) => void): (found: boolean) => void {
  const done = (found: boolean): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve(found);
  };
  const timer = setTimeout(() => done(false), LOOK_LIMIT);
  socket.on('error', () => done(false));
  socket.once('close', () => done(false));
  return done;
}

/** The way to the server below HTTP: its name, a connection, and the encryption of that. */
import dns, { type LookupAddress } from 'node:dns';
import { existsSync } from 'node:fs';
import net from 'node:net';
import tls, { type Certificate, type DetailedPeerCertificate } from 'node:tls';
import type { HttpServer } from '../../../../config.ts';
import type { Env } from '../../../../core/ports.ts';
import { noConnection } from '../../../../http/unreachable/no-connection.ts';
import { addressOf } from '../../../../http/url-parts.ts';
import { type Finding, failed } from '../examination.ts';
import type { CertificateFacts } from './encryption.ts';

/** How many addresses to show. */
const SHOWN = 3;

/** Looks a name up in the way that connections do. */
export async function lookUp(url: URL): Promise<Finding> {
  const { hostname } = addressOf(url);
  if (net.isIP(hostname) !== 0) return { mark: 'ok', text: `none needed: ${hostname} is an address` };
  try {
    const found = await new Promise<LookupAddress[]>((resolve, reject) => {
      dns.lookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
    });
    const shown = found.slice(0, SHOWN).map(({ address }) => address);
    const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : '';
    return { mark: 'ok', text: `${hostname} is ${shown.join(', ')}${more}` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const text =
      code === 'ENOTFOUND' ? `there is no computer called ${hostname}` : `${hostname} could not be looked up (${code})`;
    const details = ['the name service (DNS) of this machine has no address for it'];
    const say =
      code === 'ENOTFOUND'
        ? "Check the spelling of the URL. If it is a server of a company, connect to the company's VPN first."
        : 'Check the network of this machine, then run the doctor again.';
    return { mark: 'fail', text, details, next: { say } };
  }
}

/** Opens a connection and closes it again. */
export async function connectTo(url: URL): Promise<Finding> {
  const { hostname: host, port } = placeOf(url);
  const socket = net.connect({ host, port });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
    return { mark: 'ok', text: `port ${port} is open` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ECONNREFUSED' && code !== undefined) return failed(await unreachable(error, url));
    return {
      mark: 'fail',
      text: `nothing listens on port ${port} of ${host}`,
      details: ['the computer is there, and refuses the connection'],
      next: { say: 'Check that the server is running, and the port in the URL.' },
    };
  } finally {
    socket.destroy();
  }
}

/** The same for the outbound proxy. */
export async function connectToProxy({ host, port }: { host: string; port: number }): Promise<Finding> {
  const found = await connectTo(new URL(`http://${net.isIPv6(host) ? `[${host}]` : host}:${port}`));
  if (found.mark !== 'fail') return { ...found, text: `the proxy ${host}:${port} takes connections` };
  return {
    mark: 'fail',
    text: `the proxy ${host}:${port} cannot be reached`,
    details: [found.text],
    next: { say: 'Check the address in HTTPS_PROXY or HTTP_PROXY, or leave --enable-proxy out.' },
  };
}

function unreachable(error: unknown, url: URL, cert = false): Promise<Error> {
  return noConnection(error as NodeJS.ErrnoException, url, { proxy: undefined, hint: undefined, ca: false, cert });
}

/** What a server shows of itself when a connection is encrypted. Sends nothing but the handshake. */
export async function lookAtCertificate(server: HttpServer, env: Env): Promise<CertificateFacts> {
  const { url } = server;
  const { hostname: host, port } = placeOf(url);
  const isOwn = server.tls.ca !== undefined || server.tls.cert !== undefined;
  const trust = isOwn ? (await import('../../../../http/trust.ts')).readTrust(server.tls, env).own : {};
  const name = net.isIP(host) === 0 ? { servername: host } : {};
  const socket = tls.connect({ host, port, ...name, ...trust, rejectUnauthorized: false });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', () => resolve());
      socket.once('error', reject);
    });
    const problem = socket.authorized ? undefined : String(socket.authorizationError);
    return factsOf(chainOf(socket.getPeerCertificate(true)), problem, env);
  } catch (error) {
    throw await unreachable(error, url, server.tls.cert !== undefined);
  } finally {
    socket.destroy();
  }
}

function factsOf(chain: readonly DetailedPeerCertificate[], problem: string | undefined, env: Env): CertificateFacts {
  const [own] = chain;
  return {
    problem,
    issuer: nameIn(own?.issuer),
    authority: nameIn(chain.at(-1)?.issuer),
    isSelfSigned: chain.length === 1 && nameIn(own?.subject) === nameIn(own?.issuer),
    from: Math.max(...chain.map((one) => Date.parse(one.valid_from))),
    until: Math.min(...chain.map((one) => Date.parse(one.valid_to))),
    names: (own?.subjectaltname ?? '').replace(/DNS:|IP Address:/g, ''),
    extraFile: env.NODE_EXTRA_CA_CERTS || undefined,
    isExtraFileThere: existsSync(env.NODE_EXTRA_CA_CERTS ?? ''),
  };
}

const LONGEST_CHAIN = 10;

function chainOf(own: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain = [own];
  while (chain.length < LONGEST_CHAIN) {
    const issuer = chain.at(-1)?.issuerCertificate;
    // A self-signed certificate is its own issuer.
    if (!issuer || issuer.fingerprint256 === chain.at(-1)?.fingerprint256) break;
    chain.push(issuer);
  }
  return chain;
}

function nameIn(name: Certificate | undefined): string {
  return String(name?.CN ?? name?.O ?? '');
}

function placeOf(url: URL): { readonly hostname: string; readonly port: number } {
  const { hostname, port } = addressOf(url);
  return { hostname, port: Number(port || (url.protocol === 'https:' ? 443 : 80)) };
}

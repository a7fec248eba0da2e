/** Explains why a server's certificate was rejected, and what is missing on this machine. */
import type { LookupFunction } from 'node:net';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import { showUrl } from '../../core/redact.ts';

/** Codes of OpenSSL and Node for a certificate that does not verify (node:tls, "X509 certificate error codes"). */
const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

const OTHER = new Map([['CERT_REVOKED', 'its certificate was revoked']]);

const LOOK_LIMIT = 3_000;
const LONGEST_CHAIN = 10;

export interface CertificateProblem {
  readonly problem: string;
  readonly hint?: string;
}

/**
 * What an error says about the certificate of `url`; undefined when the error is about something
 * else.
 * @param mayLook whether the server may be asked for its certificate again, without a proxy.
 * @param ca whether `--ca` was given.
 */
export async function certificateProblem(
  error: Error,
  code: string | undefined,
  url: URL,
  { mayLook, ca, lookup }: { readonly mayLook: boolean; readonly ca: boolean; readonly lookup?: LookupFunction },
): Promise<CertificateProblem | undefined> {
  if (code === undefined || url.protocol !== 'https:') return undefined;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const { cert } = error as { cert?: { subjectaltname?: string } };
    return anotherName(url, cert?.subjectaltname ?? '');
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return outOfDate(code, mayLook ? await certificates(url, lookup) : []);
  }
  if (!UNTRUSTED.has(code)) {
    const problem = OTHER.get(code);
    return problem === undefined ? undefined : { problem };
  }
  const last = mayLook ? (await certificates(url, lookup)).at(-1) : undefined;
  const issuer = String(last?.issuer?.CN ?? last?.issuer?.O ?? '') || undefined;
  return {
    problem: `its certificate comes from ${issuer ? `${JSON.stringify(issuer)}, which` : 'an authority that'} this machine does not trust (${code})`,
    hint: authorityHint(issuer ? JSON.stringify(issuer) : 'that authority', ca),
  };
}

function authorityHint(authority: string, ca: boolean): string {
  return ca
    ? `the file of --ca does not contain the authority ${authority}: add the PEM certificate of that authority to it`
    : `put the PEM certificate of ${authority} into a file, and give it with --ca FILE or name it in NODE_EXTRA_CA_CERTS`;
}

/** A host name or an IPv4 address that can safely go into a URL. */
const PLAIN_NAME = /^[A-Za-z0-9.-]{1,253}$/;

/** @param all the names of the certificate, as Node lists them: `DNS:a.example, IP Address:192.0.2.1` */
function anotherName(url: URL, all: string): CertificateProblem {
  const names = all.replace(/DNS:|IP Address:/g, '');
  const named = new URL(url);
  named.hostname = names.split(', ').find((name) => PLAIN_NAME.test(name)) ?? url.hostname;
  const renew = `ask the operator of the server for a certificate that is for ${url.hostname}`;
  return {
    problem: `its certificate is for another host name${names ? ` (${JSON.stringify(names.slice(0, 200))})` : ''}`,
    hint: named.hostname === url.hostname ? renew : `use ${showUrl(named)} if that is the server, or ${renew}`,
  };
}

/** Names the date, so that a wrong clock on this machine shows too. */
function outOfDate(code: string, chain: readonly PeerCertificate[]): CertificateProblem {
  const now = Date.now();
  const expired = code === 'CERT_HAS_EXPIRED';
  const dates = chain.map((c) => Date.parse(expired ? c.valid_to : c.valid_from));
  const date = dates.find((time) => (expired ? time < now : time > now));
  const day = date === undefined ? '' : ` ${expired ? 'on' : 'before'} ${new Date(date).toISOString().slice(0, 10)}`;
  const today = new Date(now).toISOString().slice(0, 10);
  return {
    problem: `its certificate ${expired ? `expired${day}` : `is not valid${day || ' yet'}`}`,
    hint: expired
      ? `this machine's clock says ${today}; if that is right, the server's operator must renew the certificate`
      : `this machine's clock says ${today}, which may be wrong: set it; if it is right, ask the operator of the server for a certificate that is valid now`,
  };
}

/**
 * The certificates that the server sends, its own first. Node does not report them with the
 * error, so this connects once more and sends nothing but the handshake.
 */
async function certificates(url: URL, lookup: LookupFunction | undefined): Promise<readonly PeerCertificate[]> {
  const { connect } = process.getBuiltinModule('node:tls');
  const { isIP } = process.getBuiltinModule('node:net');
  return new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // An address is not a server name (RFC 6066, section 3); Node 26 refuses to send one as such.
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket = connect({
      host,
      port: Number(url.port || 443),
      ...servername,
      ...(lookup && { lookup }),
      rejectUnauthorized: false,
    });
    const done = (found: readonly PeerCertificate[]): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(found);
    };
    const timer = setTimeout(() => done([]), LOOK_LIMIT);
    socket.once('error', () => done([]));
    socket.once('secureConnect', () => {
      const chain: DetailedPeerCertificate[] = [socket.getPeerCertificate(true)];
      // The last certificate names the authority; a self-signed one is its own issuer.
      while (chain.length < LONGEST_CHAIN) {
        const issuer = chain.at(-1)?.issuerCertificate;
        if (!issuer || issuer.fingerprint256 === chain.at(-1)?.fingerprint256) break;
        chain.push(issuer);
      }
      done(chain);
    });
  });
}

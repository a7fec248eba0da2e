/** Explains why a server's certificate was not accepted, and what is missing on this machine. */

/** Codes of OpenSSL and Node for a certificate that does not verify (node:tls, "X509 certificate error codes"). */
const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

const OTHER = new Map([
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', "its certificate is not valid yet; is this machine's clock right?"],
  ['CERT_REVOKED', 'its certificate was revoked'],
  ['EPROTO', 'it does not speak TLS the way this program does; is it an http: server?'],
]);

const LOOK_LIMIT = 3_000;

export interface CertificateProblem {
  readonly problem: string;
  readonly hint?: string;
}

/**
 * What an error says about the certificate of `url`, or undefined when it is about something else.
 * @param mayLook whether the server may be asked for its certificate again, straight from here.
 */
export async function certificateProblem(
  error: Error,
  code: string | undefined,
  url: URL,
  mayLook: boolean,
): Promise<CertificateProblem | undefined> {
  if (code === undefined || url.protocol !== 'https:') return undefined;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const { cert } = error as { cert?: { subjectaltname?: string } };
    const names = cert?.subjectaltname?.replace(/DNS:|IP Address:/g, '').slice(0, 200);
    return { problem: `its certificate is for another host name${names ? ` (${JSON.stringify(names)})` : ''}` };
  }
  if (!UNTRUSTED.has(code)) {
    const problem = OTHER.get(code);
    return problem === undefined ? undefined : { problem };
  }
  const issuer = mayLook ? await missingIssuer(url) : undefined;
  return {
    problem: `its certificate comes from ${issuer ? JSON.stringify(issuer) : 'an authority'} that this machine does not trust (${code})`,
    hint: `put the PEM certificate of ${issuer ? JSON.stringify(issuer) : 'that authority'} into a file, and give it with --ca FILE or name it in NODE_EXTRA_CA_CERTS`,
  };
}

/**
 * The name of the authority that the chain ends at. Node does not tell it with the error, so
 * the server is asked once more; nothing is sent on that connection but the handshake.
 */
async function missingIssuer(url: URL): Promise<string | undefined> {
  const [{ connect }, { isIP }] = await Promise.all([import('node:tls'), import('node:net')]);
  return new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // An address is not a server name (RFC 6066, section 3); Node 26 refuses to send one as such.
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket = connect({ host, port: Number(url.port || 443), ...servername, rejectUnauthorized: false });
    const done = (name: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(name);
    };
    const timer = setTimeout(() => done(undefined), LOOK_LIMIT);
    socket.once('error', () => done(undefined));
    socket.once('secureConnect', () => {
      let certificate = socket.getPeerCertificate(true);
      // The last certificate names the authority; a self-signed one is its own issuer.
      for (let depth = 0; depth < 10; depth++) {
        const issuer = certificate.issuerCertificate;
        if (!issuer || issuer.fingerprint256 === certificate.fingerprint256) break;
        certificate = issuer;
      }
      done(String(certificate.issuer?.CN ?? certificate.issuer?.O ?? '') || undefined);
    });
  });
}

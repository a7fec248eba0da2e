/** Servers that demand a client certificate, or do not accept the one that they got: they end the TLS handshake. */
import type { CertificateProblem } from './certificate.ts';

/**
 * Alerts about the certificate of this side (RFC 8446, section 6.2), in the words of OpenSSL, which says "alert" only
 * of one that it has received. In TLS 1.3, the handshake is over for this side before the server has looked at its
 * certificate.
 */
const ABOUT_CERTIFICATE =
  / alert (?:(?:bad|unsupported) certificate|certificate (?:revoked|expired|unknown|required)|unknown ca|access denied)\b/;
/** What TLS 1.2 says to a client without a certificate, and to one that has no cipher in common with the server. */
const ABOUT_ANYTHING = / alert handshake failure\b/;

const HOW = 'give it with --cert FILE --key FILE; the operator of the server issues it';

/** @param cert whether `--cert` was given */
export function clientCertificateProblem({ message }: Error, cert: boolean): CertificateProblem | undefined {
  const [alert] = ABOUT_CERTIFICATE.exec(message) ?? [];
  if (alert === undefined && !ABOUT_ANYTHING.test(message)) return undefined;
  if (alert === undefined) {
    return {
      problem: 'it refuses the TLS handshake',
      hint: `${cert ? 'it may demand a client certificate other than that of --cert' : `it may demand a client certificate: ${HOW}`}. Or it may accept only versions or ciphers of TLS that this machine does not have`,
    };
  }
  if (!cert) return { problem: 'it demands a client certificate', hint: HOW };
  return {
    problem: `it does not accept the client certificate of --cert (TLS${alert})`,
    hint: 'check that it has not expired, and ask the operator of the server who must issue it',
  };
}

/** What the certificate of a server means to its user. Pure. */
import { printable } from '../../../../core/redact.ts';
import type { Finding, NextStep } from '../examination.ts';

export interface CertificateFacts {
  /** The code of Node or OpenSSL for what is wrong with it (node:tls, "X509 certificate error codes"). */
  readonly problem: string | undefined;
  /** The issuer in the certificate; empty if it has none. */
  readonly issuer: string;
  /** The last issuer of the chain. */
  readonly authority: string;
  readonly isSelfSigned: boolean;
  /** When all certificates of the chain are valid, in milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
  /** The names that the certificate is for, separated by commas. */
  readonly names: string;
  /** What NODE_EXTRA_CA_CERTS says. */
  readonly extraFile: string | undefined;
  readonly isExtraFileThere: boolean;
}

export interface EncryptionContext {
  readonly hostname: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether `--ca` was given. */
  readonly ca: boolean;
  /** The command that examines the server again, with an authority. */
  readonly withAuthority: string;
}

const DAY = 86_400_000;
/** A certificate that ends sooner should be renewed now, in days. */
const SOON = 14;

export function encryptionFinding(facts: CertificateFacts, context: EncryptionContext): Finding {
  const { problem, issuer, from, until } = facts;
  const { now } = context;
  if (problem === undefined) {
    const left = Math.floor((until - now) / DAY);
    if (left >= SOON) return { mark: 'ok', text: `certificate from ${quoted(issuer)}, valid until ${day(until)}` };
    const text = `the certificate ends in ${left} days, on ${day(until)}`;
    return { mark: 'warn', text, next: { say: 'Tell the operator of the server to renew the certificate.' } };
  }
  // The date decides, whatever else may be wrong: a certificate may also be from an unknown authority.
  if (problem === 'CERT_HAS_EXPIRED' || (until < now && problem !== 'ERR_TLS_CERT_ALTNAME_INVALID')) {
    return {
      mark: 'fail',
      text: `the certificate of the server expired on ${day(until)}`,
      details: [`the clock of this machine says ${day(now)}`],
      next: {
        say: 'If that date is right, ask the operator of the server to renew the certificate. If not, set the clock.',
      },
    };
  }
  if (problem === 'CERT_NOT_YET_VALID' || from > now) {
    return {
      mark: 'fail',
      text: `the certificate of the server is valid only from ${day(from)}`,
      details: [`the clock of this machine says ${day(now)}`],
      next: { say: 'If that date is wrong, set the clock. If it is right, ask the operator of the server.' },
    };
  }
  if (problem === 'ERR_TLS_CERT_ALTNAME_INVALID') return otherName(facts, context);
  return untrusted(facts, context);
}

function otherName({ names }: CertificateFacts, { hostname }: EncryptionContext): Finding {
  const shown = names === '' ? 'it names no server at all' : `it is for ${printable(names, 200)}`;
  return {
    mark: 'fail',
    text: `the certificate is not for ${hostname}`,
    details: [shown],
    next: { say: 'Use a name of the certificate in the URL if that is the server, or ask its operator.' },
  };
}

function untrusted(facts: CertificateFacts, context: EncryptionContext): Finding {
  const { problem, authority, isSelfSigned } = facts;
  const text = isSelfSigned
    ? 'the server vouches for itself (self-signed)'
    : `the certificate is from ${quoted(authority)}, which this machine does not trust`;
  return {
    mark: 'fail',
    text,
    details: [
      ...(isSelfSigned ? ['this machine trusts only certificates of authorities that it knows'] : []),
      `the code of the error is ${problem}`,
      aboutExtraFile(facts),
      ...(context.ca ? ['the file of --ca does not have it either'] : []),
    ],
    next: trusting(context, isSelfSigned),
  };
}

function aboutExtraFile({ extraFile, isExtraFileThere }: CertificateFacts): string {
  if (extraFile === undefined) return 'NODE_EXTRA_CA_CERTS, which names further authorities, is not set';
  if (!isExtraFileThere) return `NODE_EXTRA_CA_CERTS names ${extraFile}, which does not exist`;
  return `NODE_EXTRA_CA_CERTS names ${extraFile}, which does not have it`;
}

function trusting({ ca, withAuthority }: EncryptionContext, isSelfSigned: boolean): NextStep {
  const what = isSelfSigned ? 'its certificate' : 'the certificate of that authority';
  if (ca) return { say: `Ask the operator of the server for ${what}, and add it to the file of --ca.` };
  return {
    say: `Ask the operator of the server for ${what} (a PEM file), then name that file:`,
    command: withAuthority,
  };
}

function quoted(name: string): string {
  return name === '' ? 'an authority without a name' : JSON.stringify(printable(name, 80));
}

function day(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString().slice(0, 10) : 'an unknown day';
}

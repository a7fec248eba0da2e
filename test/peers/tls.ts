// Certificate authorities for tests. The certificates are written by hand, in DER, because Node can read certificates
// but not make them, and a program that can is not on every machine.
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import net from 'node:net';
import type { Certificate } from './scripted.ts';

export interface Authority {
  readonly name: string;
  /** Its own certificate, to be trusted. */
  readonly pem: string;
  issue(options?: IssueOptions): Certificate;
  /** An authority that this one vouches for. */
  delegate(name: string): Authority;
}

export interface IssueOptions {
  /** Host names and addresses the certificate is for. */
  hosts?: string[];
  from?: Date;
  until?: Date;
}

const DAY = 24 * 60 * 60 * 1000;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';

interface Signer {
  readonly name: string;
  readonly key: KeyObject;
}

export function createAuthority(name: string, above?: Signer): Authority {
  const { privateKey, publicKey } = newKeys();
  const own: Signer = { name, key: privateKey };
  const isAuthority = sequence(oid(BASIC_CONSTRAINTS), TRUE, octets(sequence(TRUE)));
  return {
    name,
    pem: certificate({ signer: above ?? own, subject: name, publicKey, extensions: [isAuthority] }),
    issue({ hosts = ['127.0.0.1', 'localhost'], ...validity } = {}) {
      return issued(own, hosts, validity);
    },
    delegate: (below) => createAuthority(below, own),
  };
}

/** A certificate that nobody vouches for but itself. */
export function selfSigned(name: string, hosts = ['127.0.0.1']): Certificate {
  const keys = newKeys();
  return issued({ name, key: keys.privateKey }, hosts, {}, keys);
}

function issued(signer: Signer, hosts: string[], validity: Validity, keys = newKeys()): Certificate {
  const names = hosts.map((host) =>
    net.isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host, 'ascii')),
  );
  const alternatives = sequence(oid(SUBJECT_ALT_NAME), octets(sequence(...names)));
  const subject = signer.key === keys.privateKey ? signer.name : (hosts[0] ?? '');
  return {
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: certificate({ signer, subject, publicKey: keys.publicKey, extensions: [alternatives], ...validity }),
  };
}

function newKeys(): { privateKey: KeyObject; publicKey: KeyObject } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

interface Validity {
  from?: Date;
  until?: Date;
}

interface Parts extends Validity {
  signer: Signer;
  subject: string;
  publicKey: KeyObject;
  extensions: Buffer[];
}

/** RFC 5280, section 4.1. */
function certificate({ signer, subject, publicKey, extensions, from, until }: Parts): string {
  const now = Date.now();
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguishedName(signer.name),
    sequence(time(from ?? new Date(now - DAY)), time(until ?? new Date(now + 30 * DAY))),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, signer.key)]));
  const base64 = sequence(toBeSigned, algorithm, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const octets = (bytes: Buffer): Buffer => der(0x04, bytes);
const TRUE = der(0x01, Buffer.from([0xff]));

function distinguishedName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from(name, 'utf8')))));
}

function time(date: Date): Buffer {
  // YYMMDDHHMMSSZ
  const digits = date.toISOString().replace(/\D/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`, 'ascii'));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

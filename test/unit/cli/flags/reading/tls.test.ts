// Certificates on the command line: the files are checked before anything starts.
import { describe, expect, it } from 'vitest';
import { actionOf, refusalWith, URL_TEXT } from '../arguments.ts';

const pem = (label: string, head = ''): string =>
  `-----BEGIN ${label}-----\n${head}topsecret\n-----END ${label}-----\n`;

const FILES = {
  'ca.pem': `# Corporate Root\n${pem('CERTIFICATE')}${pem('CERTIFICATE')}`,
  'trusted.pem': pem('TRUSTED CERTIFICATE'),
  'cert.pem': pem('CERTIFICATE'),
  'key.pem': pem('PRIVATE KEY'),
  'ec.pem': pem('EC PRIVATE KEY'),
  'rsa.pem': pem('RSA PRIVATE KEY'),
  'locked.pem': pem('ENCRYPTED PRIVATE KEY'),
  'locked-rsa.pem': pem('RSA PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n'),
  'public.pem': pem('PUBLIC KEY'),
  'both.pem': pem('CERTIFICATE') + pem('PRIVATE KEY'),
  'cert.der': '0\u0082\u0001topsecret',
  empty: '',
};

const NONE = { ca: undefined, cert: undefined, key: undefined };

it.each([
  [[], NONE],
  [['--ca', 'ca.pem'], { ...NONE, ca: 'ca.pem' }],
  [['--ca', 'trusted.pem'], { ...NONE, ca: 'trusted.pem' }],
  [['--cert', 'cert.pem', '--key', 'key.pem'], { ...NONE, cert: 'cert.pem', key: 'key.pem' }],
  [['--key', 'ec.pem', '--cert=cert.pem'], { ...NONE, cert: 'cert.pem', key: 'ec.pem' }],
  [['--key', 'rsa.pem', '--cert', 'cert.pem'], { ...NONE, cert: 'cert.pem', key: 'rsa.pem' }],
  [
    ['--cert', 'both.pem', '--key', 'both.pem', '--ca', 'both.pem'],
    { ca: 'both.pem', cert: 'both.pem', key: 'both.pem' },
  ],
])('%j', (flags, tls) => {
  expect(actionOf([URL_TEXT, ...flags], FILES)).toMatchObject({ kind: 'run', config: { servers: [{ tls }] } });
});

describe('what cannot be used is named, and not repeated', () => {
  it.each([
    [['--ca', 'none.pem'], /^--ca: the file "none.pem" does not exist \| /],
    [['--ca', 'key.pem'], /^--ca: the file "key.pem" contains no PEM certificate \| it contains a key/],
    [['--ca', 'cert.der'], /^--ca: the file "cert.der" contains no PEM certificate \| .*openssl/],
    [['--ca', 'empty'], /^--ca: the file "empty" contains no PEM certificate \| .*BEGIN CERTIFICATE/],
    [['--cert', 'cert.pem'], /^--cert is given without --key \| .*--cert FILE --key FILE/],
    [['--key', 'key.pem'], /^--key is given without --cert \| /],
    [['--cert', 'none.pem', '--key', 'key.pem'], /^--cert: the file "none.pem" does not exist/],
    [['--cert', 'key.pem', '--key', 'cert.pem'], /^--cert: the file "key.pem" contains no PEM certificate/],
    [['--cert', 'cert.pem', '--key', 'cert.pem'], /^--key: the file "cert.pem" contains no PEM private key/],
    [['--cert', 'cert.pem', '--key', 'public.pem'], /^--key: the file "public.pem" contains no PEM private key/],
    [['--cert', 'cert.pem', '--key', 'locked.pem'], /^--key: the file "locked.pem" is locked by a passphrase \| /],
    [['--cert', 'cert.pem', '--key', 'locked-rsa.pem'], /^--key: the file "locked-rsa.pem" is locked by a passphrase/],
    [['--cert', 'cert.pem', '--key', pem('PRIVATE KEY')], /^--key: the file does not exist/],
    [['--ca', ''], /^invalid value for --ca(?:: ".*")?/],
    [['--ca', 'ca.pem', '--ca', 'ca.pem'], /--ca is given twice/],
  ])('%j', (flags, expected) => {
    const told = refusalWith(FILES, URL_TEXT, ...flags);
    expect(told).toMatch(expected);
    expect(told).not.toContain('topsecret');
  });
});

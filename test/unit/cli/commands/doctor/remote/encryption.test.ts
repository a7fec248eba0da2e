import { describe, expect, it } from 'vitest';
import {
  type CertificateFacts,
  encryptionFinding,
} from '../../../../../../src/cli/commands/doctor/remote/encryption.ts';

const NOW = Date.parse('2026-01-15');
const DAY = 86_400_000;
const GOOD: CertificateFacts = {
  problem: undefined,
  issuer: 'R11',
  authority: 'ISRG Root X1',
  isSelfSigned: false,
  from: NOW - DAY,
  until: NOW + 60 * DAY,
  names: 'server.example',
  extraFile: undefined,
  isExtraFileThere: false,
};
const CONTEXT = { hostname: 'server.example', now: NOW, ca: false, withAuthority: 'mcp-proxy doctor --ca FILE' };
const find = (facts: Partial<CertificateFacts>, context: Partial<typeof CONTEXT> = {}) =>
  encryptionFinding({ ...GOOD, ...facts }, { ...CONTEXT, ...context });
const UNKNOWN = { problem: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', authority: 'Company Root' };

describe('a certificate', () => {
  it('that is good names its issuer and its end', () => {
    expect(find({})).toEqual({ mark: 'ok', text: 'certificate from "R11", valid until 2026-03-16' });
  });

  it('that ends soon is a warning', () => {
    expect(find({ until: NOW + 5 * DAY })).toMatchObject({
      mark: 'warn',
      text: 'the certificate ends in 5 days, on 2026-01-20',
    });
  });

  it.each([
    [{ problem: 'CERT_HAS_EXPIRED', until: NOW - DAY }, /expired on 2026-01-14$/],
    [{ problem: 'DEPTH_ZERO_SELF_SIGNED_CERT', until: NOW - DAY, isSelfSigned: true }, /expired on 2026-01-14$/],
    [{ problem: 'CERT_NOT_YET_VALID', from: NOW + DAY }, /valid only from 2026-01-16$/],
    [
      { problem: 'ERR_TLS_CERT_ALTNAME_INVALID', names: 'www.other.example' },
      /^the certificate is not for server\.example$/,
    ],
    [{ problem: 'DEPTH_ZERO_SELF_SIGNED_CERT', isSelfSigned: true }, /vouches for itself/],
    [UNKNOWN, /^the certificate is from "Company Root", which this machine does not trust$/],
  ])('%j fails', (facts, text) => {
    const { mark, text: told, next } = find(facts);
    expect(mark).toBe('fail');
    expect(told).toMatch(text);
    expect(next?.say).toMatch(/^[A-Z].*[.:]$/);
  });
});

describe('an unknown authority', () => {
  it.each([
    [{}, 'NODE_EXTRA_CA_CERTS, which names further authorities, is not set'],
    [{ extraFile: '/x.pem' }, 'NODE_EXTRA_CA_CERTS names /x.pem, which does not exist'],
    [{ extraFile: '/x.pem', isExtraFileThere: true }, 'NODE_EXTRA_CA_CERTS names /x.pem, which does not have it'],
  ])('with %j: %s', (facts, detail) => {
    expect(find({ ...UNKNOWN, ...facts }).details).toContain(detail);
  });

  it('does not advise --ca to a user who has given it', () => {
    expect(find(UNKNOWN).next?.command).toBe('mcp-proxy doctor --ca FILE');
    expect(find(UNKNOWN, { ca: true }).next?.command).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import type { Credentials } from '../../../../../../src/auth/vault/credentials.ts';
import {
  registrationFinding,
  tokenFinding,
} from '../../../../../../src/cli/commands/doctor/remote/sign-in-findings.ts';

const NOW = Date.parse('2026-01-15T12:00:00Z');
const HOUR = 3_600_000;
const tokens = (more: object = {}): Credentials => ({
  version: 1,
  url: 'https://x.test/mcp',
  serial: 1,
  tokens: { accessToken: 'access-topsecret', obtainedAt: NOW - HOUR, bearer: 'access_token', ...more },
});
const CONTEXT = { now: NOW, isAsked: true, isSent: false, grant: 'browser', login: 'LOGIN', check: 'CHECK' } as const;

describe('the sign-in of the user', () => {
  it.each([
    ['none', undefined, {}, 'fail', 'you are not signed in yet', 'LOGIN'],
    [
      'valid',
      tokens({ expiresAt: NOW + HOUR }),
      { isAsked: false, isSent: true },
      'ok',
      'you are signed in; it ends in 1 hour (2026-01-15T13:00:00Z)',
      undefined,
    ],
    [
      'renewable',
      tokens({ refreshToken: 'refresh-topsecret' }),
      { isAsked: false, isSent: true },
      'ok',
      'you are signed in; it lasts until the server ends it, and is renewed automatically',
      undefined,
    ],
    ['refused', tokens(), { isSent: true }, 'fail', 'the server refuses your stored sign-in', 'LOGIN'],
    [
      'expired',
      tokens({ expiresAt: NOW - HOUR }),
      {},
      'fail',
      'your sign-in has expired, and cannot be renewed',
      'LOGIN',
    ],
    [
      'expired, renewable',
      tokens({ expiresAt: NOW - HOUR, refreshToken: 'refresh-topsecret' }),
      {},
      'warn',
      'your sign-in has expired; mcp-proxy renews it with the next call',
      'CHECK',
    ],
    [
      'of a program',
      undefined,
      { grant: 'client-credentials' as const },
      'warn',
      'not yet; mcp-proxy signs in with the first call',
      'LOGIN',
    ],
  ] as const)('%s', (_name, credentials, context, mark, text, command) => {
    const finding = tokenFinding(
      { credentials, problem: undefined, isForUs: credentials !== undefined },
      { ...CONTEXT, ...context },
    );
    expect({ mark: finding.mark, text: finding.text, command: finding.next?.command }).toEqual({ mark, text, command });
    expect(JSON.stringify(finding)).not.toContain('topsecret');
  });

  it.each([
    [{ credentials: undefined, problem: 'the record is damaged', isForUs: false }, 'the stored sign-in cannot be used'],
    [{ credentials: tokens(), problem: undefined, isForUs: false }, 'the stored sign-in belongs to another client'],
  ])('that cannot be used: %j', (stored, text) => {
    expect(tokenFinding(stored, CONTEXT)).toMatchObject({ mark: 'fail', text, next: { command: 'LOGIN' } });
  });
});

describe('the registration', () => {
  const FACTS = {
    client: undefined,
    place: 'https://as.test',
    registers: false,
    redirectUri: 'http://localhost:14000/callback',
    redirects: true,
    login: (more: readonly string[]) => more.join(' '),
    platform: 'linux' as NodeJS.Platform,
  };

  it('by hand names the redirect URI, and the command with the JSON filled in', () => {
    const { mark, details, next } = registrationFinding(FACTS);
    expect(mark).toBe('fail');
    expect(details).toContain('the redirect URI to enter there: http://localhost:14000/callback');
    expect(next?.command).toBe(
      '--static-oauth-client-info {"client_id":"ID","redirect_uris":["http://localhost:14000/callback"]}',
    );
  });

  it('takes a file on Windows, whose shells remove quotes', () => {
    const { details, next } = registrationFinding({ ...FACTS, platform: 'win32' });
    expect(next?.command).toBe('--static-oauth-client-info @client.json');
    expect(details?.at(-1)).toContain('{"client_id":"ID"');
  });

  it('is fine with a client, or where new ones can register', () => {
    const client = { source: 'static', clientId: 'ID', authMethod: 'none' } as const;
    expect(registrationFinding({ ...FACTS, client }).mark).toBe('ok');
    expect(registrationFinding({ ...FACTS, registers: true }).mark).toBe('ok');
  });
});

import { describe, expect, it } from 'vitest';
import { readStored } from '../../../../src/auth/vault/stored.ts';

const WHOLE = {
  version: 1,
  serial: 3,
  url: 'https://mcp.example/mcp',
  profile: 'work',
  resource: 'https://mcp.example/mcp',
  scope: 'a b',
  issuer: { issuer: 'https://as.example', token_endpoint: 'https://as.example/token', other: [1] },
  client: { source: 'registered', clientId: 'c', authMethod: 'none', redirectUri: 'http://localhost:1/callback' },
  tokens: { accessToken: 'abc', refreshToken: 'r', expiresAt: 9, obtainedAt: 5, scope: 'a', bearer: 'access_token' },
} as const;
const read = (record: object) => readStored(JSON.stringify(record));

it('takes a whole record as it is', () => {
  expect(read(WHOLE)).toEqual({ credentials: WHOLE, problem: undefined });
});

it.each(['', 'null', '7', '"text"', '[]', '{', '{"version":1}', JSON.stringify({ ...WHOLE, serial: 'x' })])(
  'takes nothing of %s',
  (text) => {
    expect(readStored(text)).toEqual({ credentials: undefined, problem: 'the record is damaged' });
  },
);

describe('of a record that is damaged in parts', () => {
  const { tokens, client, issuer, ...rest } = WHOLE;

  it.each([
    ['\r', 'a\rb'],
    ['\n', 'a\nb'],
    ['NUL', 'a\u0000b'],
    ['a space', 'a b'],
    ['beyond ASCII', 'ä'],
    ['nothing', ''],
  ])('leaves out tokens with %s', (_what, accessToken) => {
    expect(read({ ...WHOLE, tokens: { ...tokens, accessToken } })).toEqual({
      credentials: { ...rest, issuer, client },
      problem: 'its token cannot be sent in a header',
    });
  });

  it('keeps the rest of tokens whose members are of another type', () => {
    const damaged = { ...tokens, expiresAt: 'soon', refreshToken: 7, scope: null, obtainedAt: 'then' };
    expect(read({ ...WHOLE, tokens: damaged }).credentials?.tokens).toEqual({
      accessToken: 'abc',
      obtainedAt: 0,
      bearer: 'access_token',
    });
  });

  it('leaves out the client with its authorization server', () => {
    expect(read({ ...WHOLE, issuer: { issuer: 'https://as.example' } })).toEqual({
      credentials: { ...rest, tokens },
      problem: 'its authorization server cannot be used',
    });
  });

  it.each([
    ['an unknown method', { authMethod: 'unheard_of' }],
    ['a method that needs a secret', { authMethod: 'client_secret_post' }],
    ['no id', { clientId: undefined }],
    ['an unknown source', { source: 'elsewhere' }],
  ])('leaves out a client with %s', (_what, members) => {
    expect(read({ ...WHOLE, client: { ...client, ...members } })).toEqual({
      credentials: { ...rest, issuer, tokens },
      problem: 'its client cannot be used',
    });
  });
});

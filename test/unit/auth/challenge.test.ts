import { describe, expect, it } from 'vitest';
import { type Challenge, demandOf, parseChallenges } from '../../../src/auth/challenge.ts';

function parsed(text: string): [string, Record<string, string>][] {
  return parseChallenges(text).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

const at = (status: number, challenge?: string | string[], inSession = false) =>
  demandOf({ status, headers: challenge === undefined ? {} : { 'www-authenticate': challenge } }, { inSession });

const NONE: Challenge = { resourceMetadata: undefined, scope: undefined, error: undefined };

describe('parseChallenges', () => {
  it.each<[string, [string, Record<string, string>][]]>([
    ['Bearer', [['bearer', {}]]],
    ['bEaReR realm="x"', [['bearer', { realm: 'x' }]]],
    ['Bearer realm="x", scope="a b"', [['bearer', { realm: 'x', scope: 'a b' }]]],
    ['Bearer realm="x" scope="a b"', [['bearer', { realm: 'x', scope: 'a b' }]]],
    ['Bearer realm = "x" ,\tscope\t=\ta', [['bearer', { realm: 'x', scope: 'a' }]]],
    ['Bearer ERROR="invalid_token"', [['bearer', { error: 'invalid_token' }]]],
    ['Bearer resource_metadata=https://h/a?b=c&d', [['bearer', { resource_metadata: 'https://h/a?b=c&d' }]]],
    ['Bearer a="1", a="2"', [['bearer', { a: '1' }]]],
    ['Bearer a="x, Basic realm=\\"y\\" \\\\"', [['bearer', { a: 'x, Basic realm="y" \\' }]]],
    [
      'Basic realm="one", Bearer scope="a"',
      [
        ['basic', { realm: 'one' }],
        ['bearer', { scope: 'a' }],
      ],
    ],
    [
      'Negotiate, Bearer',
      [
        ['negotiate', {}],
        ['bearer', {}],
      ],
    ],
    [', ,Bearer ,, a=b,', [['bearer', { a: 'b' }]]],
    ['Bearer a=""', [['bearer', { a: '' }]]],
    ['Bearer __proto__="x", constructor="y"', [['bearer', { ['__proto__']: 'x', constructor: 'y' }]]],
  ])('reads %s', (text, expected) => {
    expect(parsed(text)).toEqual(expected);
  });

  it.each([
    '',
    ' ',
    ',',
    '"',
    '=',
    'a="b"',
    '"Bearer"',
    'Bearer"',
    'Bearer =',
    'Bearer a',
    'Bearer a=',
    'Bearer a="',
    'Bearer a="\\',
    'Bearer a="b',
    'Bearer a="b"c',
    "Bearer scope='a b'",
    'Bearer \u0000a=b',
    'Bearer é="x"',
    'Bearer\u2028a="x"',
    'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
    '<html>',
    '{"error":"invalid_token"}',
    '%',
  ])('survives %j', (text) => {
    for (const { scheme, parameters } of parseChallenges(text)) {
      expect(scheme).toMatch(/^[!#$%&'*+\-.^_`|~0-9a-z]+$/);
      for (const name of parameters.keys()) expect(name).toMatch(/^[!#$%&'*+\-.^_`|~0-9a-z]+$/);
    }
  });

  it.each([
    ['names', 'a'.repeat(200_000)],
    ['commas', ','.repeat(200_000)],
    ['spaces', `Bearer${' '.repeat(200_000)}"`],
    ['an open quote', `Bearer a="${'x'.repeat(200_000)}`],
    ['escapes', `Bearer a="${'\\"'.repeat(100_000)}`],
    ['parameters', `Bearer ${'a=b,'.repeat(50_000)}`],
    ['schemes', 'Bearer '.repeat(30_000)],
    ['equals signs', `Bearer a${'='.repeat(200_000)}`],
  ])('ends, however many %s there are', (_, text) => {
    expect(parseChallenges(text).length).toBeLessThanOrEqual(30_000);
  });
});

describe('demandOf', () => {
  it.each([200, 202, 204, 301, 400, 402, 404, 405, 407, 429, 500, 503])('asks for nothing at %i', (status) => {
    expect(at(status, 'Bearer error="insufficient_scope", scope="a"')).toEqual({ kind: 'nothing' });
  });

  it('treats a 401 without a challenge as one, unless it is about a session', () => {
    expect(at(401)).toEqual({ kind: 'token', challenge: NONE });
    expect(at(401, undefined, true)).toEqual({ kind: 'nothing' });
    expect(at(401, '', true)).toEqual({ kind: 'nothing' });
    expect(at(401, 'Bearer', true)).toEqual({ kind: 'token', challenge: NONE });
  });

  it('leaves challenges of other schemes alone', () => {
    expect(at(401, 'Basic realm="x"')).toEqual({ kind: 'nothing' });
    expect(at(401, ['Negotiate', 'NTLM'])).toEqual({ kind: 'nothing' });
    expect(at(401, 'DPoP algs="ES256"')).toEqual({ kind: 'nothing' });
  });

  it.each<[string | string[], Partial<Challenge>]>([
    ['Bearer resource_metadata="https://h/prm", scope="a b"', { resourceMetadata: 'https://h/prm', scope: 'a b' }],
    [['Basic realm="x"', 'Bearer scope="a"'], { scope: 'a' }],
    ['Bearer, Bearer scope="a"', { scope: 'a' }],
    ['Bearer scope="a", Bearer scope="b"', { scope: 'a' }],
    ['Bearer error="invalid_token", error_description="x, y=\\"z\\", scope=w"', { error: 'invalid_token' }],
    ['Bearer scope="", resource_metadata=""', {}],
    ['Bearer scope=" a  b "', { scope: 'a  b' }],
    ['Bearer error="insufficient_scope", scope="a"', { error: 'insufficient_scope', scope: 'a' }],
  ])('reads the challenge of a 401: %j', (challenge, expected) => {
    expect(at(401, challenge as string)).toEqual({ kind: 'token', challenge: { ...NONE, ...expected } });
  });

  it('treats a 403 as a lack of scopes only if it says so', () => {
    expect(at(403, 'Bearer error="insufficient_scope", scope="a"')).toEqual({
      kind: 'scope',
      challenge: { ...NONE, error: 'insufficient_scope', scope: 'a' },
    });
    for (const challenge of [undefined, 'Bearer', 'Bearer error="invalid_token"', 'Basic error="insufficient_scope"'])
      expect(at(403, challenge)).toEqual({ kind: 'nothing' });
  });
});

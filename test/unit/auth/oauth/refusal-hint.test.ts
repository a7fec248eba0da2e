// What the user should change when the authorization server refuses: never something that is right already.
import { expect, it } from 'vitest';
import { OAuthError, refusalIn } from '../../../../src/auth/oauth/library.ts';
import { refusalHint } from '../../../../src/auth/oauth/refusal-hint.ts';
import { type AuthConfig, HTTP_SERVER_DEFAULTS } from '../../../../src/config.ts';

const INFO = '--static-oauth-client-info';
const METADATA = '--static-oauth-client-metadata';

it.each<[string, Partial<AuthConfig>, string | undefined]>([
  ['invalid_client', {}, `give one that is registered there: ${INFO} '{"client_id":"ID"}'`],
  ['invalid_client', { clientInfo: { client_id: 'x' } }, `check client_id in ${INFO}; if the client has a secret, add`],
  [
    'invalid_client',
    { clientInfo: { client_id: 'x', client_secret: 's' } },
    `check client_id and client_secret in ${INFO}`,
  ],
  ['invalid_client', { clientMetadataUrl: 'https://a.test/c' }, 'check the document of --client-metadata-url'],
  ['unauthorized_client', {}, 'registers a new client'],
  ['unauthorized_client', { clientInfo: { client_id: 'x' } }, '(grant authorization_code)'],
  ['unauthorized_client', { clientInfo: {}, grant: 'client-credentials' }, '(grant client_credentials)'],
  ['invalid_scope', {}, `name the scopes to ask for: ${METADATA} '{"scope":"FIRST SECOND"}'`],
  ['invalid_scope', { clientMetadata: { scope: 'a' } }, `change "scope" in ${METADATA}, or leave it out`],
  ['invalid_scope', { clientInfo: { scope: 'a' } }, `change "scope" in ${INFO}, or leave it out`],
  ['invalid_scope', { clientInfo: { scope: 'a' }, clientMetadata: { scope: 'b' } }, `change "scope" in ${INFO}`],
  ['invalid_target', {}, '--resource URI'],
  ['invalid_target', { resource: 'https://a.test' }, 'change --resource, or leave it out'],
  ['invalid_target', { sendResource: false }, undefined],
  ['access_denied', {}, undefined],
  ['__proto__', {}, undefined],
])('%s with %j', (error, given, hint) => {
  const told = refusalHint(new OAuthError(error, undefined, 400), { ...HTTP_SERVER_DEFAULTS.auth, ...given });
  if (hint === undefined) expect(told).toBeUndefined();
  else expect(told).toContain(hint);
});

it('advises to wait where the server fails, and not where it refuses', () => {
  const hint = (status: number) =>
    refusalHint(new OAuthError('server_error', undefined, status), HTTP_SERVER_DEFAULTS.auth);
  expect([hint(500), hint(503), hint(429)]).toEqual(Array(3).fill(expect.stringContaining('try again later')));
  expect(hint(400)).toBeUndefined();
});

it.each([
  ['', 'HTTP 400'],
  ['<html>no</html>', 'HTTP 400'],
  ['tenant is missing', 'HTTP 400. The server said: "tenant is missing"'],
  ['{"message":"a \\"b\\"\\u001b[2J"}', 'HTTP 400. The server said: "a \\"b\\" [2J"'],
  ['{"error":{"message":"nested"}}', 'HTTP 400. The server said: "nested"'],
  ['x'.repeat(500), `HTTP 400. The server said: "${'x'.repeat(150)}…"`],
  ['no: topsecret', 'HTTP 400. The server said: "no: ***"'],
])('the words of a refusal: %j', (body, expected) => {
  expect(refusalIn(400, body, (text) => text.replaceAll('topsecret', '***'))).toBe(expected);
});

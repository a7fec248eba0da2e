// The flags of the sign-in: their meaning, and which values are wrong.
import { describe, expect, it } from 'vitest';
import { type AuthConfig, HTTP_SERVER_DEFAULTS } from '../../../../../src/config.ts';
import { configOf, configWith, refusal, URL_TEXT } from '../arguments.ts';

const CLIENT = '{"client_id":"id","client_secret":"topsecret"}';

describe('values', () => {
  it.each<[string[], Partial<AuthConfig>]>([
    [['--host', '127.0.0.1'], { redirectHost: '127.0.0.1' }],
    [['--host=[::1]'], { redirectHost: '[::1]' }],
    [['--callback-port', '1'], { callbackPort: 1 }],
    [['--callback-port', '65535'], { callbackPort: 65_535 }],
    [['--callback-path', '/'], { callbackPath: '/' }],
    [['--callback-path', '/oauth/callback'], { callbackPath: '/oauth/callback' }],
    [['--auth-timeout', '60'], { timeout: 60_000 }],
    // Longer than any timer can wait.
    [['--auth-timeout', '9999999'], { timeout: 2 ** 31 - 1 }],
    [['--resource', 'https://host.example/api'], { resource: 'https://host.example/api' }],
    [['--resource', 'urn:example:api'], { resource: 'urn:example:api' }],
    [['--profile', 'work'], { profile: 'work' }],
    [['--profile', `${'a'.repeat(36)}.B_-`], { profile: `${'a'.repeat(36)}.B_-` }],
    [['--static-oauth-client-metadata', '{}'], { clientMetadata: {} }],
    [['--static-oauth-client-metadata', '{"scope":"a ${TOKEN}"}'], { clientMetadata: { scope: 'a topsecret' } }],
    [['--static-oauth-client-info', '{"client_id":"id"}'], { clientInfo: { client_id: 'id' } }],
    [
      ['--client-metadata-url', 'https://app.example/client.json'],
      { clientMetadataUrl: 'https://app.example/client.json' },
    ],
    [['--device-code'], { grant: 'device-code' }],
    [['--device-code=false'], { grant: 'browser' }],
    [
      ['--client-credentials', '--static-oauth-client-info', CLIENT],
      { grant: 'client-credentials', clientInfo: { client_id: 'id', client_secret: 'topsecret' } },
    ],
    [
      ['--client-credentials', '--static-oauth-client-info', '{"client_id":"id","private_key":{"kty":"EC"}}'],
      { grant: 'client-credentials', clientInfo: { client_id: 'id', private_key: { kty: 'EC' } } },
    ],
    [['--authorize-param', 'prompt=consent'], { authorizeParameters: [['prompt', 'consent']] }],
    [
      ['--authorize-param', 'a=b=c', '--authorize-param', 'empty=', '--authorize-param=scope=x y'],
      {
        authorizeParameters: [
          ['a', 'b=c'],
          ['empty', ''],
          ['scope', 'x y'],
        ],
      },
    ],
    [['--disable-resource-parameter'], { sendResource: false }],
    [['--use-id-token'], { useIdToken: true }],
  ])('%j', (flags, expected) => {
    const auth = { ...HTTP_SERVER_DEFAULTS.auth, ...expected };
    expect(configOf(URL_TEXT, ...flags)).toEqual(configWith({ auth }));
  });

  it.each([
    [['--host', '']],
    [['--host', 'localhost:80']],
    [['--host', 'http://localhost']],
    [['--callback-port', '0']],
    [['--callback-port', '65536']],
    [['--callback-port', '80a']],
    [['--callback-port', '']],
    [['--callback-path', '']],
    [['--callback-path', 'callback']],
    [['--callback-path', '//evil.example/callback']],
    [['--callback-path', '/callback?a=b']],
    [['--callback-path', '/callback#a']],
    [['--callback-path', '/a/../b']],
    [['--callback-path', '/a b']],
    [['--callback-path', '/a\\b']],
    [['--callback-path', 'http://localhost/callback']],
    [['--auth-timeout', '0']],
    [['--auth-timeout', '-1']],
    [['--auth-timeout', '30s']],
    [['--auth-timeout', '1.5']],
    [['--resource', 'not a uri']],
    [['--resource', 'https://host.example/#part']],
    [['--profile', '']],
    [['--profile', '../work']],
    [['--profile', 'a'.repeat(41)]],
    [['--static-oauth-client-metadata', '{']],
    [['--static-oauth-client-metadata', '[]']],
    [['--static-oauth-client-metadata', 'null']],
    [['--static-oauth-client-info', '"topsecret"']],
    [['--static-oauth-client-info', '{"client_secret":"topsecret"']],
    [['--static-oauth-client-info', '@']],
    [['--client-metadata-url', 'http://app.example/client.json']],
    [['--client-metadata-url', 'http://localhost/client.json']],
    [['--client-metadata-url', 'https://app.example/']],
    [['--client-metadata-url', 'https://app.example']],
    [['--client-metadata-url', 'https://user:topsecret@app.example/client.json']],
    [['--client-metadata-url', 'https://app.example/client.json#']],
    [['--client-metadata-url', 'https://app.example/a/../client.json']],
    [['--client-metadata-url', 'client.json']],
    [['--authorize-param', 'prompt']],
    [['--authorize-param', '=topsecret']],
    [['--authorize-param', 'a b=topsecret']],
    [['--authorize-param', '']],
    [['--credential-store', 'memory']],
  ])('%j is wrong', (flags) => {
    const told = refusal(URL_TEXT, ...flags);
    expect(told).toMatch(new RegExp(`^invalid value for ${flags[0]}(?:: ".*")? \\| `));
    expect(told).not.toContain('topsecret');
  });

  it.each(['response_type', 'client_id', 'redirect_uri', 'state', 'code_challenge', 'code_challenge_method'])(
    '--authorize-param leaves %s to the protocol',
    (name) => {
      const told = refusal(URL_TEXT, '--authorize-param', `${name}=topsecret`);
      expect(told).toContain(`${name} belongs to the protocol`);
      expect(told).not.toContain('topsecret');
    },
  );
});

describe('what does not fit together', () => {
  it('two ways in', () => {
    const flags = ['--client-credentials', '--device-code', '--static-oauth-client-info', CLIENT];
    expect(refusal(URL_TEXT, ...flags)).toMatch(/--client-credentials and --device-code cannot be used together/);
  });

  it.each([
    [[]],
    [['--static-oauth-client-info', '{"client_id":"id"}']],
    [['--static-oauth-client-info', '{"client_id":"id","client_secret":""}']],
  ])('client credentials without any: %j', (flags) => {
    const told = refusal(URL_TEXT, '--client-credentials', ...flags);
    expect(told).toMatch(/--client-credentials needs a client with client_secret, private_key or private_key_file \| /);
    expect(told).toContain('--static-oauth-client-info');
  });
});

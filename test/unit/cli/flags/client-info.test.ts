// A registered client on the command line, in a file, in the environment, and which parts of it are secret.
import { describe, expect, it } from 'vitest';
import { redactor } from '../../../../src/core/redact.ts';
import { actionOf, type Files, refusalWith, URL_TEXT } from './arguments.ts';

const FLAG = '--static-oauth-client-info';

interface Run {
  client: unknown;
  metadata: unknown;
  secrets: readonly string[];
}

function run(argv: string[], files: Files = {}): Run {
  const action = actionOf([URL_TEXT, ...argv], files);
  if (action.kind !== 'run') throw new Error(action.kind);
  const [server] = action.config.servers;
  if (server?.kind !== 'http') throw new Error(server?.kind);
  const { clientInfo, clientMetadata } = server.auth;
  return { client: clientInfo, metadata: clientMetadata, secrets: action.secrets };
}

describe('a file', () => {
  it.each([
    ['{"client_id":"id","client_secret":"s"}'],
    ['\uFEFF{"client_id":"id","client_secret":"s"}\r\n'],
    ['\n{\n  "client_id": "id",\n  "client_secret": "s"\n}\n'],
  ])('is read: %j', (text) => {
    const files = { 'my client.json': text };
    expect(run([FLAG, '@my client.json'], files).client).toEqual({ client_id: 'id', client_secret: 's' });
    expect(run(['--static-oauth-client-metadata', '@my client.json'], files).metadata).toEqual({
      client_id: 'id',
      client_secret: 's',
    });
  });

  it.each([FLAG, '--static-oauth-client-metadata'])('that does not exist is named, after %s', (flag) => {
    expect(refusalWith({}, URL_TEXT, flag, '@client.json')).toMatch(
      new RegExp(`^${flag}: the file "client.json" does not exist \\| `),
    );
  });

  it.each(['topsecret', '{"client_secret":"topsecret"', '["topsecret"]', '"topsecret"', 'null', ''])(
    'that holds no object is named, its content not: %j',
    (text) => {
      const told = refusalWith({ 'client.json': text }, URL_TEXT, FLAG, '@client.json');
      expect(told).toMatch(/^--static-oauth-client-info: the file "client.json" contains no JSON object \| /);
      expect(told).not.toContain('topsecret');
    },
  );

  it('whose name is no name but the content itself is not repeated', () => {
    expect(refusalWith({}, URL_TEXT, FLAG, '@{"client_id":"id","client_secret":"topsecret"}')).not.toContain(
      'topsecret',
    );
  });

  it('of a private key is looked for before anything starts', () => {
    const flags = ['--client-credentials', FLAG, '{"client_id":"id","private_key_file":"key.pem"}'];
    expect(run(flags, { 'key.pem': 'any' }).client).toEqual({ client_id: 'id', private_key_file: 'key.pem' });
    expect(refusalWith({}, URL_TEXT, ...flags)).toMatch(/static-oauth-client-info: the file "key.pem" does not exist/);
  });
});

describe('the environment', () => {
  it('fills every text, however deep, and no name', () => {
    const given = '{"client_id":"${TOKEN}","a":["x${SPACED}y",1,null,true],"b":{"${TOKEN}":"${NESTED}"}}';
    const expected = { client_id: 'topsecret', a: ['xtopsecrety', 1, null, true], b: { '${TOKEN}': '${TOKEN}' } };
    expect(run([FLAG, given]).client).toEqual(expected);
    expect(run([FLAG, '@file'], { file: given }).client).toEqual(expected);
  });

  it.each([
    ['${MISSING}', /uses \$\{MISSING\}, which is not set \| set MISSING/],
    ['${EMPTY}', /uses \$\{EMPTY\}, which is empty \| set EMPTY/],
    ['${toString}', /which is not set/],
  ])('%s is refused', (text, expected) => {
    const told = refusalWith({}, URL_TEXT, FLAG, JSON.stringify({ client_id: 'id', client_secret: text }));
    expect(told).toMatch(/^--static-oauth-client-info uses/);
    expect(told).toMatch(expected);
  });
});

describe('the client id', () => {
  it.each(['{}', '{"client_id":""}', '{"client_id":" "}', '{"client_id":5}', '{"client_secret":"topsecret"}'])(
    'is missing in %s',
    (given) => {
      const told = refusalWith({}, URL_TEXT, FLAG, given);
      expect(told).toMatch(/^--static-oauth-client-info has no client_id \| /);
      expect(told).not.toContain('topsecret');
    },
  );
});

describe('secrets', () => {
  const shown = (argv: string[], text: string, files: Files = {}): string => redactor(run(argv, files).secrets)(text);
  const info = (members: object): string[] => [FLAG, JSON.stringify({ client_id: 'the-client', ...members })];

  it('are the secret, the key, tokens and assertions, given here or in a file', () => {
    const members = { client_secret: 'secret-1', registration_access_token: 'secret-2', private_key: 'secret-3' };
    for (const [argv, files] of [
      [info(members), {}],
      [[FLAG, '@file'], { file: JSON.stringify({ client_id: 'the-client', ...members }) }],
    ] as const) {
      expect(shown([...argv], 'secret-1 secret-2 secret-3', files)).toBe('*** *** ***');
    }
  });

  it('are all that came from the environment', () => {
    expect(shown(info({ note: 'a ${TOKEN} b' }), 'has topsecret in it')).toBe('has *** in it');
  });

  it('are found as part of a form too', () => {
    expect(shown(info({ client_secret: 'p&ss w/rd+ü' }), 'client_secret=p%26ss+w%2Frd%2B%C3%BC&x')).toBe(
      'client_secret=***&x',
    );
  });

  it('are the lines of a key, and the numbers of a JWK', () => {
    const line = 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg';
    const pem = `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n`;
    expect(shown(info({ private_key: pem }), `x ${line} y`)).toBe('x *** y');
    expect(shown(info({ private_key: { kty: 'EC', d: 'secret-number' } }), 'secret-number')).toBe('***');
    expect(shown(info({ jwks: { keys: [{ d: 'secret-number' }] } }), 'secret-number')).toBe('***');
  });

  it('are neither the client id nor names of methods and files, which people have to read', () => {
    const argv = info({
      client_id: '${TOKEN}',
      client_secret: 'something else',
      token_endpoint_auth_method: 'client_secret_basic',
    });
    const text = 'https://as.example/authorize?client_id=topsecret client_secret_basic';
    expect(shown(argv, text)).toBe(text);
  });

  it('of the headers and the URL are among them', () => {
    const action = actionOf(['login', 'https://host.example/mcp?key=secret-1', '-H', 'X-Key: secret-2']);
    if (action.kind !== 'login') throw new Error(action.kind);
    expect(redactor(action.secrets)('secret-1 secret-2')).toBe('*** ***');
  });
});

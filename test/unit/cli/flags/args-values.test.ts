// Headers and URLs on the command line: which are accepted, and that no secret in them is ever repeated.
import { describe, expect, it } from 'vitest';
import { refusal, serverOf, URL_TEXT } from './arguments.ts';

describe('headers', () => {
  it.each<[string, [string, string]]>([
    ['Authorization: Bearer ${TOKEN}', ['Authorization', 'Bearer topsecret']],
    ['Authorization:Bearer ${TOKEN}', ['Authorization', 'Bearer topsecret']],
    ['  X-Key  :  a b  ', ['X-Key', 'a b']],
    ['X: ${TOKEN}/${TOKEN}', ['X', 'topsecret/topsecret']],
    ['X:${SPACED}', ['X', 'topsecret']],
    ['X: ${NESTED}', ['X', '${TOKEN}']],
    ['X: $TOKEN {TOKEN} $ {TOKEN} $$ }', ['X', '$TOKEN {TOKEN} $ {TOKEN} $$ }']],
    ['X: a:b:c', ['X', 'a:b:c']],
    ['X: caf\u00e9', ['X', 'caf\u00e9']],
    ['X: a\tb', ['X', 'a\tb']],
    ['X: "a"', ['X', '"a"']],
    ['X: Bearer Bearer a', ['X', 'Bearer Bearer a']],
    ['X: 50%OFF% $A', ['X', '50%OFF% $A']],
    ['X: $2a$10$abc', ['X', '$2a$10$abc']],
    ['X: %2F', ['X', '%2F']],
    ['Authorization: Digest username="a", realm="b"', ['Authorization', 'Digest username="a", realm="b"']],
    ["!#$%&'*+-.^_`|~9: x", ["!#$%&'*+-.^_`|~9", 'x']],
  ])('%j', (text, header) => {
    expect(serverOf(URL_TEXT, '-H', text).headers).toEqual([header]);
  });

  it.each([
    ['Authorization', /KEY:VALUE.*quotes/],
    ['Authorization Bearer topsecret', /KEY:VALUE.*colon/],
    ['Authorization=Bearer topsecret', /KEY:VALUE.*colon/],
    ["'X-Key:topsecret'", /begins with a quote/],
    ['"X-Key: topsecret"', /begins with a quote/],
    ['“X-Key: topsecret”', /curly quotes/],
    ['X-Key: topsecret’', /curly quotes/],
    ['Authorization: "Bearer topsecret"', /has quotes around its value/],
    ["authorization: Bearer 'topsecret'", /has quotes around its value/],
    ['Authorization: Bearer', /has nothing after Bearer \|.*variable/],
    [
      'Authorization: Bearer Bearer topsecret',
      /has two schemes \| write Bearer once, .* -H "Authorization: Bearer \$\{TOKEN\}"/,
    ],
    ['authorization: Basic Bearer ${TOKEN}', /has two schemes \| write Basic once/],
    ['', /KEY:VALUE/],
    [': value', /KEY:VALUE/],
    ['My Key: value', /the name of a --header contains characters/],
    ['Kéy: value', /the name of a --header contains characters/],
    ['X\r\nEvil: topsecret', /the name of a --header contains characters/],
    ['${TOKEN}: value', /the name of a --header contains characters/],
    ['X:', /--header X has no value \|.*\$\{VALUE\}/],
    ['X:   ', /--header X has no value/],
    ['X: ${EMPTY}', /--header X uses \$\{EMPTY\}, which is empty \| set EMPTY/],
    ['X: ${MISSING}', /--header X uses \$\{MISSING\}, which is not set \| set MISSING/],
    ['X: ${toString}', /toString\}, which is not set/],
    ['X: ${constructor}', /constructor\}, which is not set/],
    ['X: ${LINES}', /--header X contains characters/],
    ['X: topsecret\u0000', /--header X contains characters/],
    ['X: topsecret\u007f', /--header X contains characters/],
    ['X: topsecret 世', /--header X contains characters/],
  ])('%j is refused, and its value not repeated', (text, expected) => {
    const told = refusal(URL_TEXT, '-H', text);
    expect(told).toMatch(expected);
    expect(told).not.toMatch(/top|secret/);
  });

  it.each([
    [[URL_TEXT, '--header', 'Authorization:', 'Bearer', 'topsecret']],
    [['--header', 'Authorization:', 'Bearer', 'topsecret', URL_TEXT]],
    [['-H', 'Authorization:', 'bearer', 'topsecret', URL_TEXT]],
    [[URL_TEXT, '-H', 'Authorization:', 'Basic', 'topsecret']],
    [[URL_TEXT, '-H', 'Authorization:Bearer', 'topsecret']],
    [['-H', 'Authorization:Bearer', 'topsecret', URL_TEXT]],
    [['-H', 'Authorization:', 'topsecret', URL_TEXT]],
    [['-H', 'Authorization:', 'topsecret']],
    [[URL_TEXT, '-H', '“Authorization:', 'Bearer', 'topsecret”']],
  ])('that a shell took apart are refused with the way to write them, and not repeated: %j', (argv) => {
    const told = refusal(...argv);
    expect(told).toContain('quotes');
    expect(told).not.toContain('topsecret');
  });
});

describe('the URL', () => {
  it.each([
    ['https://host.example/mcp?a=1#part', 'https://host.example/mcp?a=1'],
    ['HTTPS://HOST.example', 'https://host.example/'],
    ['http://localhost:3000/mcp', 'http://localhost:3000/mcp'],
    ['http://LOCALHOST/', 'http://localhost/'],
    ['http://localhost./', 'http://localhost./'],
    ['http://app.localhost:1/', 'http://app.localhost:1/'],
    ['http://127.0.0.1:1/', 'http://127.0.0.1:1/'],
    ['http://127.8.9.10/', 'http://127.8.9.10/'],
    ['http://2130706433/', 'http://127.0.0.1/'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://[::1]:1/', 'http://[::1]:1/'],
    ['http://[0:0:0:0:0:0:0:1]/', 'http://[::1]/'],
  ])('%s', (text, url) => {
    expect(serverOf(text).url.href).toBe(url);
  });

  it.each([
    'http://host.example/mcp',
    'http://localhost.evil.example/',
    'http://127.0.0.1.evil.example/',
    'http://evil-localhost/',
    'http://0.0.0.0/',
    'http://128.0.0.1/',
    'http://10.0.0.1/',
    'http://[::2]/',
    'http://[::]/',
    'HTTP://host.example/',
  ])('%s needs --allow-http', (text) => {
    expect(refusal(text)).toMatch(/without encryption.*--allow-http/);
    expect(refusal('--allow-http=false', text)).toMatch(/--allow-http/);
    expect(serverOf(text, '--allow-http').url.href).toBe(new URL(text).href);
  });

  it.each([
    ['https://', /the URL is not valid/],
    ['https://host .example', /the URL is not valid/],
    ['', /the URL is empty \| check that the variable/],
    ['-', /not a URL/],
  ])('%j is not a URL', (text, expected) => {
    expect(refusal(text)).toMatch(expected);
  });

  it('is missing, or given twice', () => {
    expect(refusal()).toMatch(/no URL given.*--help/);
    expect(refusal('--allow-http')).toMatch(/no URL given/);
    const twice = refusal(URL_TEXT, 'https://other.example');
    expect(twice).toMatch(
      /^two URLs are given, but one mcp-proxy serves one server \| start one mcp-proxy for each URL$/,
    );
    expect(twice).not.toContain('other.example');
    expect(refusal('logn', URL_TEXT)).toMatch(/not a URL.*did you mean login\?/);
  });

  it('is not taken for a subcommand when it begins like one', () => {
    for (const text of ['status.example.com/mcp', 'login.example.com', 'doctor:8080/mcp', 'logout/mcp']) {
      const told = refusal(text);
      expect(told).toMatch(/^the URL has no scheme|^the first argument is not a URL \| expected a URL such as/);
      expect(told).not.toMatch(/did you mean/);
    }
  });

  const basic = (pair: string): [string, string] => ['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`];

  it.each<[string, [string, string][]]>([
    ['https://user:topsecret@host.example/mcp', [basic('user:topsecret')]],
    ['https://user@host.example/mcp', [basic('user:')]],
    ['https://:topsecret@host.example/mcp', [basic(':topsecret')]],
    ['https://us%40er:p%3Aw%C3%A9@host.example/mcp', [basic('us@er:p:wé')]],
  ])('%s gives its user info to the header, and keeps none', (text, headers) => {
    const server = serverOf(text);
    expect(server.url.href).toBe(URL_TEXT);
    expect(server.headers).toEqual(headers);
  });

  it('with user info does not replace an Authorization that was given', () => {
    const server = serverOf('https://user:pass@host.example/mcp', '-H', 'authorization: Bearer x');
    expect(server.headers).toEqual([['authorization', 'Bearer x']]);
    expect(server.url.href).toBe(URL_TEXT);
  });

  it('with user info that is no proper escape is taken as it stands, or refused as any wrong URL', () => {
    let outcome: unknown;
    try {
      outcome = serverOf('https://us%zzer:top%secret@host.example/mcp').url.href;
    } catch (error) {
      outcome = error;
    }
    if (outcome !== URL_TEXT) expect(outcome).toMatchObject({ name: 'ProxyError', code: 'usage' });
  });

  it.each([
    [['htps://user:topsecret@host.example/mcp']],
    [['host.example/mcp?api_key=topsecret']],
    [['user:topsecret@host.example/mcp']],
    [[URL_TEXT, 'https://user:topsecret@host.example/mcp']],
    [[URL_TEXT, `${URL_TEXT}?api_key=topsecret`]],
    [['http://user:topsecret@host.example/mcp?api_key=topsecret']],
  ])('with secrets in it is not repeated with them: %j', (argv) => {
    expect(refusal(...argv)).not.toContain('topsecret');
  });
});

describe('a secret in the place of the URL', () => {
  const b64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = `${b64({ alg: 'HS256' })}.${b64({ sub: '1234567890' })}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`;
  const SECRETS = [
    jwt,
    jwt.slice(0, 40),
    'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789',
    'sk-ant-api03-abc_def-ghi',
    'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'github_pat_11ABCDEFG0_abcdefghijkl',
    'xoxb-123456789012-abcdefghijkl',
    'AKIAIOSFODNN7EXAMPLE',
    'Zm9vOmJhcg==',
    '0123456789abcdef0123456789abcdef',
    '0123456789abcdef0123456789abcdef.0123456789abcdef',
    '5f0c9f0e-3a5e-4d1e-9b7a-2f0a4b6c8d0e',
    'user:sk-abcdef',
    'Bearer sk-abcdef',
    `Authorization: Bearer ${jwt}`,
    'loginsk-abcdef',
    'p@ssw0rd!',
    // Lower case with dots, like a host name.
    'glpat-abc.01.secretpart',
    'tok.secret',
    'api.example.com/v1/sk-abcdef',
  ];
  /** The parts of a secret that would reveal it. */
  const telling = (secret: string): string[] => secret.split(/[^A-Za-z0-9]+/).filter((part) => part.length >= 5);

  it.each(SECRETS)('is not repeated, in message or hint, whatever else is given: %s', (secret) => {
    const told = [
      refusal(secret),
      refusal(secret, URL_TEXT),
      refusal(URL_TEXT, secret),
      refusal('Bearer', secret, URL_TEXT),
      refusal('-H', 'Authorization:', 'Bearer', secret, URL_TEXT),
      refusal('-H', 'Authorization:', secret),
      refusal('--allow-http', secret, '--log-level', 'debug'),
    ];
    for (const text of told) expect(text).not.toContain(secret);
    const ordinary = /^(login|Bearer|Authorization)$/;
    for (const part of telling(secret).filter((p) => !ordinary.test(p))) {
      for (const text of told) expect(text).not.toContain(part);
    }
  });
});

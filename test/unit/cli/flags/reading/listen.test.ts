// The flags of HTTP mode: their meaning, which values are wrong, and which flags do not fit together.
import { describe, expect, it } from 'vitest';
import { type ForwardedHeader, LISTEN_DEFAULTS, type ListenConfig } from '../../../../../src/config.ts';
import { actionOf, configOf, refusal, refusalWith, serverOf, URL_TEXT } from '../arguments.ts';

const ANYWHERE: ListenConfig = { ...LISTEN_DEFAULTS, host: undefined, port: 8080 };

const FILES = {
  'token.txt': 'topsecret-0~1.2_3+4/5==\n',
  'token-crlf.txt': '\uFEFFtopsecret\r\n',
  'two-words.txt': 'Bearer topsecret\n',
  'two-lines.txt': 'topsecret\ntopsecret\n',
  'cert.pem': '-----BEGIN CERTIFICATE-----\ntopsecret\n-----END CERTIFICATE-----\n',
  'key.pem': '-----BEGIN PRIVATE KEY-----\ntopsecret\n-----END PRIVATE KEY-----\n',
  'locked.pem': '-----BEGIN ENCRYPTED PRIVATE KEY-----\ntopsecret\n-----END ENCRYPTED PRIVATE KEY-----\n',
  empty: '',
};

it('without them, there is one client on stdin and stdout', () => {
  expect(configOf(URL_TEXT).listen).toBeUndefined();
});

it('no other host or origin has access, and no header of a client goes upstream, unless a flag says so', () => {
  expect(configOf(URL_TEXT, '--listen', ':8080').listen).toEqual({
    host: undefined,
    port: 8080,
    upstreamSession: 'per-client',
    clientToken: undefined,
    sessionIdle: 1_800_000,
    maxSessions: 10_000,
    maxChildren: 32,
    childIdle: 600_000,
    maxBody: 4_194_304,
    allowedHosts: [],
    allowedOrigins: [],
    tls: undefined,
  });
  expect(serverOf(URL_TEXT, '--listen', ':8080').forwardHeaders).toEqual([]);
});

describe('the address', () => {
  it.each<[string, string | undefined, number]>([
    [':8080', undefined, 8080],
    [':0', undefined, 0],
    [':65535', undefined, 65_535],
    ['localhost:8080', 'localhost', 8080],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['0.0.0.0:80', '0.0.0.0', 80],
    ['[::1]:8080', '::1', 8080],
    ['[::]:8080', '::', 8080],
    ['proxy-1.example.com:443', 'proxy-1.example.com', 443],
  ])('%s', (address, host, port) => {
    for (const flags of [['--listen', address], [`--listen=${address}`], ['-l', address], [`-l${address}`]]) {
      expect(configOf(URL_TEXT, ...flags).listen).toEqual({ ...ANYWHERE, host, port });
      expect(configOf(...flags, URL_TEXT).listen).toEqual({ ...ANYWHERE, host, port });
    }
  });

  it.each([
    '',
    '8080',
    ':',
    ':99999',
    ':-1',
    ':80a',
    'localhost',
    'a b:80',
    '::1:80',
    '[::1]',
    '[]:80',
    '[:::]:80',
    '[localhost]:80',
    '1.2.3.4.5:80',
    'http://localhost:80',
  ])('%j is not an address', (address) => {
    expect(refusal(URL_TEXT, `--listen=${address}`)).toMatch(
      /^invalid value for --listen(?:: ".*")? \| expected (?::8080, |a host before the port: )/,
    );
  });
});

describe('values', () => {
  it.each<[string[], Partial<ListenConfig>]>([
    [['--upstream-session', 'per-client'], {}],
    [['--upstream-session=shared'], { upstreamSession: 'shared' }],
    [['--client-token', 'topsecret'], { clientToken: 'topsecret' }],
    [['--client-token=aZ09-._~+/=='], { clientToken: 'aZ09-._~+/==' }],
    [['--client-token', '@token.txt'], { clientToken: 'topsecret-0~1.2_3+4/5==' }],
    [['--client-token', '@token-crlf.txt'], { clientToken: 'topsecret' }],
    [['--session-idle', '1'], { sessionIdle: 1_000 }],
    // Longer than any timer can wait.
    [['--session-idle', '9999999'], { sessionIdle: 2 ** 31 - 1 }],
    [['--max-sessions', '1'], { maxSessions: 1 }],
    [['--max-body', '1'], { maxBody: 1_048_576 }],
    [['--max-body', '1024'], { maxBody: 1_073_741_824 }],
    [['--allowed-host', 'Proxy.Example', '--allowed-host=[FE80::1]'], { allowedHosts: ['proxy.example', '[fe80::1]'] }],
    [
      ['--allowed-origin', 'https://app.example', '--allowed-origin', 'http://app.example:8080'],
      { allowedOrigins: ['https://app.example', 'http://app.example:8080'] },
    ],
    [['--allowed-origin', 'chrome-extension://abcdef'], { allowedOrigins: ['chrome-extension://abcdef'] }],
    [['--tls-cert', 'cert.pem', '--tls-key', 'key.pem'], { tls: { cert: 'cert.pem', key: 'key.pem' } }],
  ])('%j', (flags, expected) => {
    const action = actionOf([URL_TEXT, '--listen', ':8080', ...flags], FILES);
    expect(action).toMatchObject({ kind: 'run' });
    expect(action.kind === 'run' && action.config.listen).toEqual({ ...ANYWHERE, ...expected });
  });

  it.each<[string[], ForwardedHeader[]]>([
    [
      ['--forward-header', 'X-User', '--forward-header=X-Team=X-Account'],
      [
        { from: 'x-user', to: 'x-user' },
        { from: 'x-team', to: 'x-account' },
      ],
    ],
    [
      ['--forward-header', 'X-Upstream-Authorization=Authorization'],
      [{ from: 'x-upstream-authorization', to: 'authorization' }],
    ],
    [
      ['--forward-header', 'X-User=X-A', '--forward-header', 'X-User=X-B'],
      [
        { from: 'x-user', to: 'x-a' },
        { from: 'x-user', to: 'x-b' },
      ],
    ],
    // The name that the client uses for it does not matter.
    [['--forward-header', 'Host=X-Forwarded-Host'], [{ from: 'host', to: 'x-forwarded-host' }]],
  ])('%j are for the server', (flags, forwardHeaders) => {
    expect(serverOf(URL_TEXT, '--listen', ':8080', ...flags).forwardHeaders).toEqual(forwardHeaders);
  });

  it.each([['topsecret'], ['@token-crlf.txt']])('the client token is a secret, given as %s', (token) => {
    const action = actionOf([URL_TEXT, '--listen', ':0', '--client-token', token], FILES);
    expect('secrets' in action && action.secrets).toContain('topsecret');
  });

  it.each([
    [['--upstream-session', 'pre-client'], /did you mean per-client\?/],
    [['--client-token', ''], /letters, digits and -\._~\+\/ \(RFC 6750, section 2\.1\), or @ and/],
    [['--client-token', '@'], /the name of a file/],
    [['--client-token', 'Bearer topsecret'], /letters, digits/],
    [['--client-token', 'topsecret=x'], /letters, digits/],
    [['--client-token', 'topsécret'], /letters, digits/],
    [['--session-idle', 'never'], /whole number of seconds, 1 or more/],
    [['--session-idle', '0'], /whole number of seconds/],
    [['--max-sessions', '0'], /whole number, 1 or more/],
    [['--max-sessions', '-1'], /whole number/],
    [['--max-sessions', '1e3'], /whole number/],
    [['--max-sessions', '99999999'], /whole number/],
    [['--max-body', '0'], /whole number of MiB from 1 to 1024/],
    [['--max-body', '1025'], /from 1 to 1024/],
    [['--max-body', '4MiB'], /from 1 to 1024/],
    [['--allowed-host', ''], /expected a host name without a port/],
    [['--allowed-host', '*'], /expected a host name without a port/],
    [['--allowed-host', 'a.example:80'], /expected a host name without a port/],
    [['--allowed-host', 'https://a.example'], /expected a host name without a port/],
    [['--allowed-origin', 'a.example'], /expected the form https:\/\/app\.example\.com/],
    [['--allowed-origin', '*'], /expected the form/],
    [['--allowed-origin', 'null'], /expected the form/],
    [['--allowed-origin', 'https://*.example'], /expected the form/],
    [['--allowed-origin', 'https://a.example/'], /without a path/],
    [['--allowed-origin', 'https://a.example/path'], /without a path/],
    [['--allowed-origin', 'https://a.example:443'], /standard port/],
    [['--allowed-origin', 'https://A.example'], /in lower case/],
    [['--allowed-origin', 'https://user:topsecret@a.example'], /expected the form/],
    [['--allowed-origin', 'file:///page.html'], /expected the form/],
    [['--allowed-origin', 'file://'], /expected the form/],
    [['--allowed-origin', 'chrome-extension://abcdef/page'], /without a path/],
    [['--forward-header', ''], /expected the name of a header, or NAME=UPSTREAM-NAME/],
    [['--forward-header', 'X-User='], /expected the name of a header/],
    [['--forward-header', '=X-User'], /expected the name of a header/],
    [['--forward-header', 'a=b=c'], /expected the name of a header/],
    [['--forward-header', 'X-User: topsecret'], /expected the name of a header/],
    [['--tls-cert', ''], /expected a value that is not empty/],
    [['--tls-key', ''], /expected a value that is not empty/],
  ])('%j is wrong, with and without --listen', (flags, expected) => {
    for (const listen of [['--listen', ':0'], []]) {
      const told = refusal(URL_TEXT, ...listen, ...flags);
      expect(told).toMatch(new RegExp(`^invalid value for ${flags[0]}(?:: ".*")? \\| `));
      expect(told).toMatch(expected);
      expect(told).not.toContain('topsecret');
    }
  });

  it.each([
    ['--listen', ':0'],
    ['--upstream-session', 'shared'],
    ['--client-token', 'topsecret'],
    ['--session-idle', '60'],
    ['--max-sessions', '5'],
    ['--max-body', '5'],
    ['--tls-cert', 'cert.pem'],
    ['--tls-key', 'key.pem'],
  ])('%s is given once', (name, value) => {
    const told = refusalWith(FILES, URL_TEXT, '--listen=:0', name, value, name, value);
    expect(told).toMatch(new RegExp(`^${name} is given twice \\| give it once`));
  });
});

describe('files', () => {
  it.each([
    [['--client-token', '@none.txt'], /^--client-token: the file "none.txt" does not exist \| /],
    [['--client-token', '@two-words.txt'], /^--client-token: the file "two-words.txt" contains no token \| .*one word/],
    [['--client-token', '@two-lines.txt'], /^--client-token: the file "two-lines.txt" contains no token \| /],
    [['--client-token', '@empty'], /^--client-token: the file "empty" contains no token \| .*openssl rand -hex 32/],
    [
      ['--tls-cert', 'cert.pem'],
      /^--tls-cert is given without --tls-key \| https: needs both: --tls-cert FILE --tls-key/,
    ],
    [['--tls-key', 'key.pem'], /^--tls-key is given without --tls-cert \| /],
    [['--tls-cert', 'none.pem', '--tls-key', 'key.pem'], /^--tls-cert: the file "none.pem" does not exist/],
    [['--tls-cert', 'key.pem', '--tls-key', 'cert.pem'], /^--tls-cert: the file "key.pem" contains no PEM certificate/],
    [
      ['--tls-cert', 'cert.pem', '--tls-key', 'cert.pem'],
      /^--tls-key: the file "cert.pem" contains no PEM private key/,
    ],
    [['--tls-cert', 'cert.pem', '--tls-key', 'locked.pem'], /^--tls-key: the file "locked.pem" is locked by a pass/],
    [['--tls-cert', 'cert.pem', '--key', 'key.pem'], /^--tls-cert is given without --tls-key/],
  ])('that cannot be used are named, and not repeated: %j', (flags, expected) => {
    const told = refusalWith(FILES, URL_TEXT, '--listen', ':0', ...flags);
    expect(told).toMatch(expected);
    expect(told).not.toContain('topsecret');
  });
});

describe('headers that cannot go on', () => {
  it.each([
    'Host',
    'CONNECTION',
    'Content-Type',
    'Content-Length',
    'Transfer-Encoding',
    'Accept',
    'Last-Event-ID',
    'Mcp-Session-Id',
    'MCP-Protocol-Version',
    'Mcp-Method',
    'Mcp-Name',
    'Mcp-Param-Region',
    'Upgrade',
    'TE',
    'Expect',
    'Accept-Encoding',
  ])('%s belongs to the protocol', (name) => {
    for (const value of [name, `X-User=${name}`]) {
      expect(refusal(URL_TEXT, '--listen', ':0', '--forward-header', value)).toBe(
        `--forward-header: the header ${name.toLowerCase()} belongs to the protocol | the proxy sends one of its own; another UPSTREAM-NAME is possible: NAME=UPSTREAM-NAME`,
      );
    }
  });

  it.each(['Authorization', 'authorization', 'Authorization=X-Token'])('%s is for the client token', (value) => {
    expect(refusal(URL_TEXT, '--listen', ':0', '--forward-header', value)).toMatch(
      /^--forward-header: Authorization is where clients send the client token \| .*X-Upstream-Authorization=Authorization$/,
    );
  });

  it('two cannot end in one', () => {
    const told = refusal(URL_TEXT, '-l:0', '--forward-header', 'X-User', '--forward-header', 'X-Other=x-user');
    expect(told).toMatch(/^two --forward-header end in the same header \| /);
  });

  it('no client header can go into a shared session', () => {
    const told = refusal(URL_TEXT, '-l:0', '--forward-header', 'X-User', '--upstream-session', 'shared');
    expect(told).toMatch(/^--forward-header and --upstream-session shared cannot be used together \| /);
  });
});

describe('the flags of HTTP mode', () => {
  it.each([
    ['--upstream-session', 'per-client'],
    ['--client-token', 'topsecret'],
    ['--client-token', '@none.txt'],
    ['--session-idle', '1800'],
    ['--max-sessions', '10000'],
    ['--max-body', '4'],
    ['--allowed-host', 'a.example'],
    ['--allowed-origin', 'https://a.example'],
    ['--tls-cert', 'none.pem'],
    ['--tls-key', 'none.pem'],
    ['--forward-header', 'X-User'],
  ])('need it: %s %s', (name, value) => {
    expect(refusal(URL_TEXT, name, value)).toBe(
      `${name} is given without --listen | it belongs to HTTP mode: --listen localhost:8080`,
    );
    expect(refusal('login', URL_TEXT, name, value)).toMatch(new RegExp(`^${name} is given without --listen`));
  });

  it.each([['login', URL_TEXT], ['logout', URL_TEXT], ['status', URL_TEXT], ['status']])(
    'are not for %s',
    (...words) => {
      expect(refusal(...words, '--listen', ':8080')).toBe(
        `${words[0]} serves no clients | leave --listen and its flags out`,
      );
    },
  );

  it('go together with those of the other side', () => {
    const config = configOf(URL_TEXT, '-l', ':8080', '-H', 'X-Key: value', '--log-format', 'json', '--profile', 'work');
    expect(config).toMatchObject({ listen: ANYWHERE, logFormat: 'json' });
    expect(config.servers).toMatchObject([{ headers: [['X-Key', 'value']], auth: { profile: 'work' } }]);
  });
});

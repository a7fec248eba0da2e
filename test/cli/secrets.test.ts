// Secrets that the user gives to the program are never shown: not on stderr at any level, and not in an error of the
// program, even if the server repeats them.
import { describe, expect, it } from 'vitest';
import { legacyServer } from '../peers/minimal-server.ts';
import { opened } from '../peers/opened.ts';
import { startProxy } from '../peers/proxy.ts';
import { answer, type Script, startScripted } from '../peers/scripted.ts';
import { startSdkV1Stateful } from '../peers/sdk-v1-stateful.ts';
import { startSdkV2Dual } from '../peers/sdk-v2-dual.ts';

const open = opened();

/** How a secret is given: the arguments, the change of the URL, and every form in which it must not be seen. */
interface Given {
  args?: string[];
  env?: Record<string, string>;
  url?: (url: string) => string;
  /** The server repeats the request as the text of its error page. */
  echo: (request: { headers: Record<string, unknown>; path: string }) => string;
  hidden: string[];
}

const whole = ({ headers, path }: { headers: unknown; path: string }): string => `${path} ${JSON.stringify(headers)}`;
const withUser =
  (pair: string) =>
  (url: string): string =>
    url.replace('//', `//${pair}@`);

const GIVEN: [string, Given][] = [
  ['a bearer token', { args: ['-H', 'Authorization: Bearer tok-3N4a9b'], echo: whole, hidden: ['tok-3N4a9b'] }],
  ['a header of its own', { args: ['-H', 'X-Api-Key: key-3N4a9b'], echo: whole, hidden: ['key-3N4a9b'] }],
  [
    'a token from the environment',
    { args: ['-H', 'X-Key: ${K}'], env: { K: 'env-3N4a9b' }, echo: whole, hidden: ['env-3N4a9b'] },
  ],
  [
    'two cookies, one of them repeated',
    {
      args: ['-H', 'Cookie: a=cook-3N4a9b; b=ie-55555555'],
      echo: () => 'bad cookie cook-3N4a9b',
      hidden: ['cook-3N4a9b'],
    },
  ],
  [
    'user info, sent on',
    { url: withUser('bob:pass-3N4a9b'), echo: whole, hidden: [Buffer.from('bob:pass-3N4a9b').toString('base64')] },
  ],
  [
    'user info, decoded by the server',
    { url: withUser('bob:pass-3N4a9b'), echo: () => 'wrong: pass-3N4a9b', hidden: ['pass-3N4a9b'] },
  ],
  [
    'user info in a header, decoded by the server',
    {
      args: ['-H', `Authorization: Basic ${Buffer.from('bob:pass-3N4a9b').toString('base64')}`],
      echo: () => 'wrong: pass-3N4a9b',
      hidden: ['pass-3N4a9b'],
    },
  ],
  ['a query', { url: (url) => `${url}?key=query-3N4a9b`, echo: whole, hidden: ['query-3N4a9b'] }],
  [
    'a query with escapes',
    {
      url: (url) => `${url}?key=query%2F3N4a9b%2B%3D`,
      echo: ({ path }) => `${path} ${decodeURIComponent(path)}`,
      hidden: ['query/3N4a9b', 'query%2F3N4a9b'],
    },
  ],
];

const FAILURES: [string, number, string][] = [
  ['500', 500, 'text/plain'],
  ['401', 401, 'text/html'],
  ['200 with HTML', 200, 'text/html'],
  ['200 with broken JSON', 200, 'application/json'],
];

describe('secrets that a server repeats are not shown, in any kind of failure', () => {
  it.each(GIVEN)('%s', async (_, { args = [], env = {}, url = (u) => u, echo, hidden }) => {
    for (const [, status, type] of FAILURES) {
      const script: Script = ({ headers, path }, res) => answer(res, status, type, echo({ headers, path }));
      const server = await open(startScripted('/mcp', script));
      const proxy = startProxy(url(server.url), [...args, '--log-level', 'debug'], { env });
      const { line, message } = await proxy.rpc.exchange('initialize', { protocolVersion: '2025-06-18' });
      expect(message.error).toBeDefined();
      await proxy.close();
      for (const secret of hidden) expect(`${line}\n${proxy.stderr}`).not.toContain(secret);
    }
  });
});

it('a secret that the excerpt of a body cuts through is not shown in part', async () => {
  const token = 'tok-0123456789abcdefghijklmnopqrstuvwxyz';
  for (const before of [170, 185, 199]) {
    const body = `${'x'.repeat(before)}${token}`;
    const server = await open(startScripted('/mcp', (_, res) => answer(res, 500, 'text/plain', body)));
    const proxy = startProxy(server.url, ['-H', `Authorization: Bearer ${token}`]);
    const { message } = await proxy.rpc.exchange('initialize', {});
    await proxy.close();
    expect(message.error?.data.body).not.toMatch(/tok-/);
    expect(message.error?.data.body).toMatch(/^x{170}/);
  }
});

describe('a part of a secret is not shown', () => {
  const token = `tok-${'0123456789abcdef'.repeat(400)}`;
  const given: [string, string[]][] = [
    ['a bearer token', ['-H', `Authorization: Bearer ${token}`]],
    ['a header of its own', ['-H', `X-Api-Key: ${token}`]],
  ];

  it.each(given)('of %s', async (_, args) => {
    for (const length of [16, 100, 5_000, token.length]) {
      const echo = token.slice(0, length);
      for (const [status, type] of [
        [500, 'text/plain'],
        [500, `text/${echo}`],
        [200, `text/${echo}`],
        [200, 'application/json'],
      ] as const) {
        const body = type === 'application/json' ? `{"jsonrpc":"2.0","id":"${echo}"` : `you sent ${echo}`;
        const server = await open(startScripted('/mcp', (_, res) => answer(res, status, type, body)));
        const proxy = startProxy(server.url, [...args, '--log-level', 'debug']);
        const { line, message } = await proxy.rpc.exchange('initialize', { protocolVersion: '2025-06-18' });
        expect(message.error).toBeDefined();
        await proxy.close();
        expect(`${line}\n${proxy.stderr}`).not.toContain(token.slice(0, 16));
      }
    }
  });
});

describe('a secret that a text of the proxy cuts through is not shown in part', () => {
  const token = 'tok-0123456789abcdefghijklmnopqrstuvwxyz';

  // What is shown of the line, in the log and in an error.
  it.each([
    ['in the log', 1_000],
    ['in an error', 300],
  ])('of a line on the stderr of a local server, %s', async (_, shown) => {
    for (const seen of [1, 5, 15, 16]) {
      const line = `'x'.repeat(${shown - seen})+process.env.KEY`;
      const program = `process.stdin.once('data',()=>{console.error(${line});process.exitCode=1;process.stdin.destroy()})`;
      const args = ['--env', 'KEY=${TOKEN}', '--', process.execPath, '-e', program];
      const proxy = startProxy(undefined, args, { env: { TOKEN: token } });
      const { line: answer, message } = await proxy.rpc.exchange('initialize', { protocolVersion: '2025-06-18' });
      expect(message.error?.message).toMatch(/its last line on stderr: x{200}/);
      await proxy.close();
      expect(`${answer}\n${proxy.stderr}`).not.toContain('tok');
    }
  });

  it.each([
    ['the content type', { 'content-type': `text/${'x'.repeat(70)}${token}` }],
    ['the content encoding', { 'content-type': 'application/json', 'content-encoding': `${'x'.repeat(34)}${token}` }],
  ])('of %s', async (_, headers) => {
    const server = await open(startScripted('/mcp', (_seen, res) => void res.writeHead(200, headers).end('{}')));
    const proxy = startProxy(server.url, ['-H', `X-Key: ${token}`, '--transport', 'http-only']);
    const { line, message } = await proxy.rpc.exchange('initialize', { protocolVersion: '2025-06-18' });
    expect(message.error?.message).toMatch(/x{30}/);
    await proxy.close();
    expect(`${line}\n${proxy.stderr}`).not.toContain('tok');
  });

  it('of the address of an HTTP+SSE endpoint', async () => {
    const server = await open(
      startScripted('/sse', (_seen, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        res.write(`event: endpoint\ndata: http://[${'x'.repeat(67)}${token}\n\n`);
      }),
    );
    const proxy = startProxy(server.url, ['-H', `X-Key: ${token}`, '--transport', 'sse-only']);
    const { line, message } = await proxy.rpc.exchange('initialize', { protocolVersion: '2024-11-05' });
    expect(message.error?.message).toMatch(/not a URL: "http:\/\/\[x{60}/);
    await proxy.close();
    expect(`${line}\n${proxy.stderr}`).not.toContain('tok');
  });
});

describe('a whole session at --log-level debug', () => {
  const SECRETS = ['header-3N4a9b', 'query-3N4a9b', 'argument-3N4a9b', 'pass-3N4a9b'];
  const ARGUMENTS = { name: 'echo', arguments: { password: 'argument-3N4a9b' } };
  const target = (url: string): string => `${url.replace('//', '//bob:pass-3N4a9b@')}?key=query-3N4a9b`;

  it('of a legacy client shows what happens, and no secret', async () => {
    const server = await open(startSdkV1Stateful());
    const proxy = startProxy(target(server.url), ['-H', 'X-Key: header-3N4a9b', '--log-level', 'debug']);
    await proxy.rpc.initialize();
    await proxy.rpc.request('tools/call', ARGUMENTS);
    await proxy.rpc.exchange('tools/call', { ...ARGUMENTS, name: 'no such tool: argument-3N4a9b' });
    await proxy.close();
    expect(proxy.stderr).toMatch(/debug.*tools\/call/);
    for (const secret of SECRETS) expect(proxy.stderr).not.toContain(secret);
    expect(proxy.rpc.garbage).toEqual([]);
  });

  it('of a modern client shows what happens, and no secret', async () => {
    const server = await open(startSdkV2Dual());
    const proxy = startProxy(target(server.url), ['-H', 'X-Key: header-3N4a9b', '--log-level', 'debug']);
    await proxy.rpc.modern('server/discover');
    await proxy.rpc.modern('tools/call', ARGUMENTS);
    await proxy.close();
    expect(proxy.stderr).toMatch(/debug.*tools\/call/);
    for (const secret of SECRETS) expect(proxy.stderr).not.toContain(secret);
  });

  it('with lines on stdin that are not messages shows nothing of them', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const proxy = startProxy(server.url, ['--log-level', 'debug']);
    proxy.rpc.raw('not json argument-3N4a9b');
    proxy.rpc.raw('{"jsonrpc":"2.0","method":5,"params":"argument-3N4a9b"}');
    proxy.rpc.raw('{"jsonrpc":"2.0","id":{"argument-3N4a9b":1},"method":"ping"}');
    await proxy.rpc.initialize();
    await proxy.close();
    expect(proxy.stderr).not.toContain('argument-3N4a9b');
  });
});

describe('usage errors', () => {
  const MISTAKES: [string, string[]][] = [
    [
      'a header without quotes, before the URL',
      ['-H', 'Authorization:', 'Bearer', 'secret-3N4a9b', 'https://server.test/mcp'],
    ],
    [
      'a header without quotes, after the URL',
      ['https://server.test/mcp', '-H', 'Authorization:', 'Bearer', 'secret-3N4a9b'],
    ],
    ['a header without quotes and without scheme', ['https://server.test/mcp', '-H', 'X-Key:', 'secret-3N4a9b']],
    ['a header whose flag is missing', ['https://server.test/mcp', 'X-Key: secret-3N4a9b']],
    ['a header without a colon', ['https://server.test/mcp', '-H', 'Bearer secret-3N4a9b']],
    ['a URL with a wrong scheme', ['htps://user:secret-3N4a9b@server.test/mcp?key=secret-3N4a9b']],
    ['two URLs', ['https://server.test/mcp', 'https://user:secret-3N4a9b@server.test/mcp?key=secret-3N4a9b']],
    ['a URL that is not encrypted', ['http://user:secret-3N4a9b@server.test/mcp?key=secret-3N4a9b']],
    ['a header flag that does not exist', ['https://server.test/mcp', '--heder=X-Key: secret-3N4a9b']],
    [
      'client info that is no JSON',
      ['https://server.test/mcp', '--static-oauth-client-info={"client_secret":"secret-3N4a9b"'],
    ],
    ['a client token for nobody', ['https://server.test/mcp', '--client-token', 'secret-3N4a9b']],
    [
      'a client token of two words',
      ['https://server.test/mcp', '--listen', ':0', '--client-token', 'Bearer secret-3N4a9b'],
    ],
    [
      'a header with its value in the place of its name',
      ['https://server.test/mcp', '--listen', ':0', '--forward-header', 'Authorization: Bearer secret-3N4a9b'],
    ],
  ];
  it.each(MISTAKES)('%s', async (_, args) => {
    const proxy = startProxy(undefined, args);
    expect(await proxy.exit()).toEqual({ code: 2, signal: null });
    expect(proxy.stderr).toMatch(/^mcp-proxy: .+\nhint: .+\n$/);
    expect(proxy.stderr).not.toContain('secret-3N4a9b');
  });

  it('an error about a header without quotes says how to write it', async () => {
    for (const args of MISTAKES.slice(0, 3).map(([, mistake]) => mistake)) {
      const proxy = startProxy(undefined, args);
      await proxy.exit();
      expect(proxy.stderr).toMatch(/quotes/);
    }
  });
});

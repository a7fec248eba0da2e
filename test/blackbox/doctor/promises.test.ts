// What the doctor promises: it signs nobody in, stores nothing, shows no secret, and says the same to programs.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { legacyServer, modernServer, sseServer } from '../../peers/minimal-server.ts';
import { INSIDE, NAMES } from '../../peers/names.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { startOutboundProxy } from '../../peers/outbound-proxy.ts';
import { listenRaw } from '../../peers/raw-server.ts';
import { startScripted } from '../../peers/scripted.ts';
import { hasTerminal, startTerminal } from '../../peers/terminal.ts';
import { selfSigned } from '../../peers/tls.ts';
import { type Outcome, run, sharedHome } from '../sign-in/command.ts';

const open = opened();

interface Told {
  readonly works: boolean;
  readonly next: { readonly say: string; readonly command?: string };
  readonly checks: readonly { readonly id: string; readonly mark: string; readonly text: string }[];
}

const told = ({ out }: Outcome): Told => JSON.parse(out[0] ?? '') as Told;
const markOf = ({ checks }: Told, id: string): string | undefined => checks.find((check) => check.id === id)?.mark;
const textOf = ({ checks }: Told, id: string): string | undefined => checks.find((check) => check.id === id)?.text;

/** Every file below a folder, with its bytes, but for the code that newer Nodes keep compiled there with each start. */
function filesIn(folder: string): Record<string, string> {
  const compiled = path.join('.cache', 'mcp-proxy', 'compiled') + path.sep;
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith(compiled));
  const files = names.filter((name) => statSync(path.join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(path.join(folder, name), 'base64')]));
}

/** Stores a sign-in as the program itself would have. */
function storeSignIn(home: string, url: string, issuer: string, tokens: object): void {
  const folder = path.join(home, '.cache', 'mcp-proxy', 'credentials');
  const name = createHash('sha256').update(`${url}\n\n`).digest('hex').slice(0, 32);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const record = {
    version: 1,
    serial: 1,
    url,
    issuer: { issuer, token_endpoint: `${issuer}/token` },
    client: { source: 'registered', clientId: 'client-1', authMethod: 'none' },
    tokens: { obtainedAt: Date.now(), bearer: 'access_token', ...tokens },
  };
  writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(record), { mode: 0o600 });
}

async function protectedServer() {
  const as = await open(startAuthorizationServer());
  const server = await open(startProtectedServer({ authorizationServer: as }));
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  return { as, server, browser, home, env: { BROWSER: browser.command } };
}

describe('a server that asks for a sign-in', () => {
  it('sees neither a sign-in nor a registration, and the user gets the command to type', async () => {
    const { as, server, browser, home, env } = await protectedServer();
    const before = filesIn(home);
    const outcome = await run('doctor', [server.url, '--json'], { home, env });
    const { works, next, checks } = told(outcome);
    expect(outcome.code).toBe(1);
    expect(works).toBe(false);
    expect(next.command).toBe(`mcp-proxy login ${server.url}`);
    expect(checks.filter(({ mark }) => mark === 'fail').map(({ id }) => id)).toEqual(['token']);
    expect(browser.opened).toEqual([]);
    expect([as.count('register'), as.count('authorize'), as.count('token')]).toEqual([0, 0, 0]);
    expect(filesIn(home)).toEqual(before);
  });

  it('is not asked to refresh an expired token, which stays as it is', async () => {
    const { as, server, home, env } = await protectedServer();
    storeSignIn(home, server.url, as.issuer, {
      accessToken: 'access-topsecret',
      refreshToken: 'refresh-topsecret',
      expiresAt: Date.now() - 60_000,
    });
    const before = filesIn(home);
    for (const flags of [[], ['--json'], ['--report']]) {
      const { code, out, err } = await run('doctor', [server.url, ...flags], { home, env });
      expect(code).toBe(0);
      expect(out.join('\n') + err).not.toContain('topsecret');
    }
    expect(as.count('token')).toBe(0);
    expect(server.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect(filesIn(home)).toEqual(before);
  });

  it('gets the stored token of a user who has signed in', async () => {
    const { server, browser, home, env } = await protectedServer();
    await run('login', [server.url], { home, env });
    const [before, tabs] = [filesIn(home), browser.opened.length];
    const outcome = await run('doctor', [server.url, '--json'], { home, env });
    const found = told(outcome);
    expect(outcome.code).toBe(0);
    expect(textOf(found, 'token')).toMatch(/^you are signed in; it ends in .*, and is renewed automatically$/);
    expect(['answer', 'session', 'lists'].map((id) => markOf(found, id))).toEqual(['ok', 'ok', 'ok']);
    expect(browser.opened.length).toBe(tabs);
    expect(filesIn(home)).toEqual(before);
  });
});

it('a server that asks for a sign-in only after initialize leads to the same command', async () => {
  const { server, browser, home, env } = await protectedServer();
  server.behaviour.open = (method) => method !== 'tools/list';
  const outcome = await run('doctor', [server.url, '--json'], { home, env });
  const found = told(outcome);
  expect([outcome.code, markOf(found, 'session'), markOf(found, 'lists')]).toEqual([1, 'ok', 'fail']);
  expect(found.next.command).toBe(`mcp-proxy login ${server.url}`);
  expect(browser.opened).toEqual([]);
});

it.each([
  ['Streamable HTTP', legacyServer(), 'MCP 2025-11-25 over Streamable HTTP'],
  ['HTTP+SSE', sseServer(), 'MCP 2025-11-25 over HTTP+SSE'],
  ['2026-07-28', modernServer(), 'MCP 2026-07-28 over Streamable HTTP'],
])('finds out that a server speaks %s', async (_name, script, text) => {
  const server = await open(startScripted('/mcp', script));
  const { home } = await open(sharedHome());
  const found = told(await run('doctor', [server.url, '--json'], { home }));
  expect([found.works, textOf(found, 'protocol'), textOf(found, 'lists')]).toEqual([true, text, '1 tool']);
});

it('uses the outbound proxy whenever the proxy itself would', async () => {
  const server = await open(startScripted('/mcp', legacyServer()));
  const outbound = await open(startOutboundProxy());
  const { home } = await open(sharedHome());
  const url = `http://${INSIDE}:${server.port}/mcp`;
  const env = { HTTP_PROXY: outbound.url };
  const outcome = await run('doctor', [url, '--allow-http', '--enable-proxy', '--json'], { home, env, ...NAMES });
  const found = told(outcome);
  expect([outcome.code, textOf(found, 'outbound-proxy')]).toEqual([
    0,
    `connections go through 127.0.0.1:${outbound.port}`,
  ]);
  expect(['dns', 'tcp', 'tls', 'answer', 'lists'].map((id) => markOf(found, id))).toEqual([
    'skip',
    'ok',
    'skip',
    'ok',
    'ok',
  ]);
  expect(new Set(outbound.requests.map(({ target }) => target))).toEqual(new Set([`${INSIDE}:${server.port}`]));
});

it('calls a tool that is marked as read-only, and no other one', async () => {
  const tools = [
    { name: 'delete', inputSchema: { type: 'object' } },
    { name: 'list', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  ];
  const server = await open(startScripted('/mcp', legacyServer({ 'tools/list': JSON.stringify({ tools }) })));
  const { home } = await open(sharedHome());
  await run('doctor', [server.url], { home });
  const calls = server.requests.filter(({ body }) => body.includes('"tools/call"'));
  expect(calls.map(({ body }) => JSON.parse(body).params)).toEqual([{ name: 'list', arguments: {} }]);
});

describe('secrets', () => {
  const HIDDEN = 'topsecret-value-1234';

  it('in arguments, and in answers that repeat them, are never shown', async () => {
    const echo = await open(
      startScripted('/mcp', (seen, res) => {
        const { 'x-key': key } = seen.headers;
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -32000, message: `bad key ${key}` } });
        res.writeHead(200, { 'content-type': 'application/json' }).end(body);
      }),
    );
    const { home } = await open(sharedHome());
    const args = [`${echo.url}?token=${HIDDEN}`, '-H', `X-Key: ${HIDDEN}`];
    for (const flags of [[], ['--json'], ['--report'], ['--log-level', 'debug']]) {
      const { out, err } = await run('doctor', [...args, ...flags], { home });
      expect(out.join('\n') + err).not.toContain(HIDDEN);
    }
    expect(echo.requests.some(({ headers }) => headers['x-key'] === HIDDEN)).toBe(true);
  });

  it('that a program prints are never shown', async () => {
    const { home } = await open(sharedHome());
    const script = `console.error('key', process.env.API_KEY); console.log(process.env.API_KEY); process.exitCode = 1;`;
    const args = ['--env', `API_KEY=${HIDDEN}`, '--', process.execPath, '-e', script];
    for (const flags of [[], ['--json'], ['--report']]) {
      const { code, out, err } = await run('doctor', [...flags, ...args], { home });
      expect(code).toBe(1);
      expect(out.join('\n') + err).not.toContain(HIDDEN);
    }
  });

  it('in the URL are never shown, however short they are', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const { home } = await open(sharedHome());
    const url = `${server.url.replace('http://', 'http://u:pw1@')}?key=k1v`;
    for (const flags of [['--json'], ['--report']]) {
      const { code, out, err } = await run('doctor', [url, ...flags], { home });
      expect(code).toBe(0);
      expect(out.join('\n') + err).not.toMatch(/pw1/);
    }
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('u:pw1').toString('base64')}`);
  });

  it('in the entries of hosts are never shown', async () => {
    const { home } = await open(sharedHome());
    const server = await open(startScripted('/mcp', legacyServer()));
    mkdirSync(path.join(home, '.cursor'));
    const info = JSON.stringify({ client_id: 'ID', client_secret: HIDDEN });
    const args = ['/missing/bin/mcp-proxy.js', server.url, '-H', `X-Key:${HIDDEN}`, '--static-oauth-client-info', info];
    const mcpServers = { mine: { command: '/missing/node', args, env: { OTHER: HIDDEN } } };
    writeFileSync(path.join(home, '.cursor', 'mcp.json'), JSON.stringify({ mcpServers }));
    for (const flags of [[], ['--json'], ['--report']]) {
      const { code, out, err } = await run('doctor', [server.url, ...flags], { home });
      expect(code).toBe(1);
      expect(out.join('\n')).toContain('/missing/node');
      expect(out.join('\n') + err).not.toContain(HIDDEN);
    }
  });

  it('the report does not name the user of the home folder', async () => {
    const { home } = await open(sharedHome());
    const { out } = await run('doctor', ['--report', '--', path.join(home, 'no-such-server')], { home });
    expect(out.join('\n')).toContain('~');
    expect(out.join('\n')).not.toContain(home);
  });
});

it('the report is Markdown with lines that fit a terminal', async () => {
  const server = await open(startScripted('/mcp', legacyServer()));
  const { home } = await open(sharedHome());
  const { code, out } = await run('doctor', [server.url, '--report'], { home });
  expect(code).toBe(0);
  expect(out.slice(0, 2)).toEqual(['### Report of mcp-proxy doctor', '']);
  expect(out.filter((line) => line === '```text' || line === '```')).toEqual(['```text', '```']);
  expect(out.join('\n')).not.toContain('\u001b');
});

it.runIf(hasTerminal)('a terminal gets colours, unless NO_COLOR is set', async () => {
  const screenWith = async (env: Record<string, string>): Promise<string> => {
    const terminal = await open(startTerminal(['doctor', 'http://127.0.0.1:1/mcp'], { env }));
    await terminal.exit();
    return terminal.screen;
  };
  expect(await screenWith({})).toContain('\u001b[31mFAIL\u001b[0m');
  expect(await screenWith({ NO_COLOR: '1' })).not.toContain('\u001b[31m');
});

it('a project entry that names a device, or a program of its own, does not delay the doctor', async () => {
  const { home } = await open(sharedHome());
  const server = await open(startScripted('/mcp', legacyServer()));
  const cwd = path.join(home, 'project');
  mkdirSync(cwd);
  const marker = path.join(home, 'started');
  const node = path.join(cwd, 'node');
  writeFileSync(node, `#!/bin/sh\n: > '${marker}'\n`, { mode: 0o755 });
  const args = ['/missing/bin/mcp-proxy.js', server.url, '--static-oauth-client-info', '@/dev/zero'];
  writeFileSync(path.join(cwd, '.mcp.json'), JSON.stringify({ mcpServers: { mine: { command: node, args } } }));
  const found = told(await run('doctor', [server.url, '--json'], { home, cwd }));
  expect(markOf(found, 'host-claude-code')).toBe('fail');
  expect(existsSync(marker)).toBe(false);
});

it('a program that ignores the end of its input is stopped, and that is a warning', async () => {
  const { home } = await open(sharedHome());
  const results = {
    initialize: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'deaf' } },
    ping: {},
  };
  const script = `const results = ${JSON.stringify(results)}; setInterval(() => {}, 1000);
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method } = JSON.parse(line);
      if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result: results[method] ?? {} }));
    });`;
  const outcome = await run('doctor', ['--json', '--', process.execPath, '-e', script], { home });
  expect(outcome.code).toBe(0);
  expect(markOf(told(outcome), 'end')).toBe('warn');
});

it('a server that opens no real session does not work', async () => {
  const { home } = await open(sharedHome());
  const server = await open(startScripted('/mcp', legacyServer({ initialize: 'null' })));
  const outcome = await run('doctor', [server.url, '--json'], { home });
  expect(outcome.code).toBe(1);
  expect(markOf(told(outcome), 'session')).toBe('fail');
});

it('a list without an end counts as a failure', async () => {
  const { home } = await open(sharedHome());
  const initialize = JSON.stringify({
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'x' },
  });
  const results = { initialize, 'tools/list': '{"tools":[],"nextCursor":"again"}' };
  const server = await open(startScripted('/mcp', legacyServer(results)));
  const outcome = await run('doctor', [server.url, '--json'], { home });
  expect(markOf(told(outcome), 'lists')).toBe('fail');
});

it.each([
  ['an unknown flag', ['http://127.0.0.1:1/mcp', '--json', '--no-such-flag'], 'unknown flag'],
  ['no URL', ['--json'], 'no URL given'],
  ['a URL without a scheme', ['server.example/mcp', '--json'], 'has no scheme'],
])('a usage error is JSON with --json: %s', async (_name, args, text) => {
  const { home } = await open(sharedHome());
  const { code, out, err } = await run('doctor', args, { home });
  expect([code, out]).toEqual([2, []]);
  const lines = err.trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  const told = JSON.parse(lines[0] ?? '') as { level: string; msg: string; hint: string };
  expect(told).toMatchObject({ level: 'error', msg: expect.stringContaining(text), hint: expect.any(String) });
});

it('a server that answers http: with 400, because it encrypts, is found out', async () => {
  const { home } = await open(sharedHome());
  const encrypted = await open(startScripted('/mcp', legacyServer(), selfSigned('server.example')));
  // As servers in Go do it: whatever is not TLS gets a plain answer.
  const server = await open(
    listenRaw(
      net.createServer((socket) => {
        socket
          .on('error', () => {})
          .once('data', (first: Buffer) => {
            const said = 'Client sent an HTTP request to an HTTPS server.\n';
            if (first[0] !== 0x16) {
              socket.end(
                `HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${said.length}\r\n\r\n${said}`,
              );
              return;
            }
            const inner = net.connect(encrypted.port, '127.0.0.1').on('error', () => socket.destroy());
            inner.write(first);
            socket.pipe(inner).pipe(socket);
          });
      }),
    ),
  );
  const url = `http://127.0.0.1:${server.port}/mcp`;
  const found = told(await run('doctor', [url, '--json'], { home }));
  expect(textOf(found, 'answer')).toBe('the URL begins with http:, but the server takes only encrypted connections');
  expect(found.next.command).toBe(`mcp-proxy doctor ${url.replace('http:', 'https:')}`);
});

describe('a program that writes without end is stopped', () => {
  it.each([
    ['lines on stdout', 'yes'],
    ['lines on stderr', 'yes >&2'],
    ['one line without an end', 'cat /dev/zero'],
  ])('%s', async (_name, script) => {
    const { home } = await open(sharedHome());
    const outcome = await run('doctor', ['--json', '--', 'sh', '-c', script], { home });
    expect(outcome.code).toBe(1);
    expect(textOf(told(outcome), 'session')).toBe('the program writes without end, and never answers');
  });
});

// What the doctor says of servers, programs and settings that do not work.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { legacyServer } from '../../peers/minimal-server.ts';
import { INSIDE, NAMES } from '../../peers/names.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { answer, type Script, startScripted } from '../../peers/scripted.ts';
import { createAuthority, selfSigned } from '../../peers/tls.ts';
import { type Group, type Mistake, server } from './mistake.ts';
import { toTheEnd } from './transcript.ts';
import type { Workspace } from './workspace.ts';

const DAY = 24 * 60 * 60 * 1000;
const { nodeArgs } = NAMES;

const TOOLS = JSON.stringify({
  tools: [
    { name: 'delete_note', inputSchema: { type: 'object' } },
    { name: 'list_notes', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  ],
});

/** Answers like a server at /mcp, and with 404 elsewhere. */
const atMcp: Script = (seen, res) =>
  seen.path === '/mcp' ? legacyServer()(seen, res) : answer(res, 404, 'text/plain', 'Not Found');

const always = (status: number, type: string, body: string, headers = {}) =>
  server(() => startScripted('/mcp', (_seen, res) => answer(res, status, type, body, headers)));

/** A server that asks for a sign-in, at an authorization server. */
const closed =
  (options: Parameters<typeof startAuthorizationServer>[0] = {}) =>
  async (workspace: Workspace) => {
    const authority = await workspace.open(startAuthorizationServer(options));
    const { url } = await workspace.open(startProtectedServer({ authorizationServer: authority }));
    return { url, authority: authority.url };
  };

/** Stores a sign-in as the program itself would have. */
function storeSignIn({ home }: Workspace, url: string, issuer: string, tokens: object): void {
  const folder = path.join(home, '.cache', 'mcp-proxy', 'credentials');
  const name = createHash('sha256').update(`${url}\n\n`).digest('hex').slice(0, 32);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const record = {
    version: 1,
    serial: 1,
    url,
    issuer: { issuer, token_endpoint: `${issuer}/token` },
    client: { source: 'registered', clientId: 'client-1', authMethod: 'none' },
    tokens: { accessToken: 'access-topsecret', obtainedAt: Date.now() - 3 * DAY, bearer: 'access_token', ...tokens },
  };
  writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(record), { mode: 0o600 });
}

const program = (name: string, lines: readonly string[]) => async (workspace: Workspace) => {
  workspace.file(name, `${lines.join('\n')}\n`);
  return {};
};

const MISTAKES: readonly Omit<Mistake, 'play'>[] = [
  {
    title: 'Doctor: everything works',
    command: 'mcp-proxy doctor {url}',
    setUp: server(() => startScripted('/mcp', legacyServer({ 'tools/list': TOOLS }))),
  },
  {
    title: 'Doctor: a variable is not set',
    command: "mcp-proxy doctor {url} -H 'Authorization: Bearer ${TOKEN}'",
    setUp: server(() => startScripted('/mcp', legacyServer())),
  },
  { title: 'Doctor: the host name does not exist', command: `mcp-proxy doctor https://${INSIDE}/mcp`, nodeArgs },
  {
    title: 'Doctor: nothing listens there',
    command: 'mcp-proxy doctor http://127.0.0.1:{port}/mcp',
    setUp: async (workspace) => ({ port: String(await workspace.freePort()) }),
  },
  {
    title: 'Doctor: the proxy variable is set, and --enable-proxy is not given',
    command: `HTTPS_PROXY=http://proxy.test:3128 mcp-proxy doctor https://${INSIDE}/mcp`,
    nodeArgs,
  },
  {
    title: 'Doctor: the proxy is dead',
    command: `HTTPS_PROXY=http://127.0.0.1:{port} mcp-proxy doctor https://${INSIDE}/mcp --enable-proxy`,
    setUp: async (workspace) => ({ port: String(await workspace.freePort()) }),
    nodeArgs,
  },
  {
    title: 'Doctor: the certificate is self-signed',
    command: 'mcp-proxy doctor {url}',
    setUp: server(() => startScripted('/mcp', legacyServer(), selfSigned('server.example'))),
  },
  {
    title: 'Doctor: the authority of the certificate is unknown',
    command: 'mcp-proxy doctor {url}',
    setUp: server(() => startScripted('/mcp', legacyServer(), createAuthority('Example Root CA').issue())),
  },
  {
    title: 'Doctor: the certificate has expired',
    command: 'mcp-proxy doctor {url} --ca ca.pem',
    setUp: async (workspace) => {
      const authority = createAuthority('Example Root CA');
      workspace.file('ca.pem', authority.pem);
      const old = { from: new Date(Date.now() - 30 * DAY), until: new Date(Date.now() - 2 * DAY) };
      return { url: (await workspace.open(startScripted('/mcp', legacyServer(), authority.issue(old)))).url };
    },
  },
  {
    title: 'Doctor: the URL begins with https:, and the server does not encrypt',
    command: 'mcp-proxy doctor {url}',
    setUp: async (workspace) => {
      const { url } = await workspace.open(startScripted('/mcp', legacyServer()));
      return { url: url.replace('http:', 'https:') };
    },
  },
  {
    title: 'Doctor: the URL begins with http:, and the server encrypts',
    command: 'mcp-proxy doctor {url}',
    setUp: async (workspace) => {
      const { url } = await workspace.open(startScripted('/mcp', legacyServer(), selfSigned('server.example')));
      return { url: url.replace('https:', 'http:') };
    },
  },
  {
    title: 'Doctor: the server redirects in a loop',
    command: 'mcp-proxy doctor {url}',
    setUp: always(307, 'text/plain', '', { location: '/mcp' }),
  },
  {
    title: 'Doctor: the server redirects to a sign-in page',
    command: 'mcp-proxy doctor {url}',
    setUp: always(302, 'text/html', '', { location: 'https://login.example/start' }),
  },
  {
    title: 'Doctor: the path of the URL is wrong, and the right one is beside it',
    command: 'mcp-proxy doctor {url}',
    setUp: server(() => startScripted('/', atMcp)),
  },
  {
    title: 'Doctor: there is a web page at the URL',
    command: 'mcp-proxy doctor {url}',
    setUp: always(200, 'text/html', '<!doctype html><title>Welcome</title><h1>It works!</h1>'),
  },
  {
    title: 'Doctor: the server fails',
    command: 'mcp-proxy doctor {url}',
    setUp: always(500, 'text/plain', 'Internal Server Error'),
  },
  {
    title: 'Doctor: the server never answers',
    command: 'mcp-proxy doctor {url}',
    setUp: server(() => startScripted('/mcp', () => {})),
  },
  {
    title: 'Doctor: the server wants a key, and does not say which',
    command: 'mcp-proxy doctor {url}',
    setUp: always(401, 'text/plain', 'Unauthorized'),
  },
  {
    title: 'Doctor: the server refuses the key',
    command: "TOKEN=topsecret-token mcp-proxy doctor {url} -H 'Authorization: ${TOKEN}'",
    setUp: always(401, 'text/plain', 'Unauthorized', { 'www-authenticate': 'Bearer' }),
  },
  { title: 'Doctor: the server asks for a sign-in', command: 'mcp-proxy doctor {url}', setUp: closed() },
  {
    title: 'Doctor: the sign-in has expired',
    command: 'mcp-proxy doctor {url}',
    setUp: async (workspace) => {
      const { url, authority } = await closed()(workspace);
      storeSignIn(workspace, url, authority, { expiresAt: Date.now() - 2 * DAY - 60_000 });
      return { url };
    },
  },
  {
    title: 'Doctor: the sign-in has expired, and can be renewed',
    command: 'mcp-proxy doctor {url}',
    setUp: async (workspace) => {
      const { url, authority } = await closed()(workspace);
      storeSignIn(workspace, url, authority, {
        expiresAt: Date.now() - 2 * DAY - 60_000,
        refreshToken: 'refresh-topsecret',
      });
      return { url };
    },
  },
  {
    title: 'Doctor: programs must be registered by hand',
    command: 'mcp-proxy doctor {url}',
    setUp: closed({ registration: 'off' }),
  },
  {
    title: 'Doctor: what the server says about its sign-in redirects in a loop',
    command: 'mcp-proxy doctor {url}',
    setUp: server(() =>
      startScripted('/mcp', (seen, res) => {
        if (seen.path === '/mcp')
          return answer(res, 401, 'text/plain', 'Unauthorized', { 'www-authenticate': 'Bearer' });
        if (!seen.path.includes('protected-resource'))
          return answer(res, 302, 'text/plain', '', { location: seen.path });
        const origin = `http://${seen.headers.host}`;
        const resource = { resource: `${origin}/mcp`, authorization_servers: [origin] };
        return answer(res, 200, 'application/json', JSON.stringify(resource));
      }),
    ),
  },
  {
    title: 'Doctor: the command is not found',
    command: 'PATH=/usr/local/bin:/usr/bin:/bin mcp-proxy doctor -- some-server --stdio',
  },
  {
    title: 'Doctor: the program ends at once',
    command: 'mcp-proxy doctor -- node server.mjs',
    setUp: program('server.mjs', ["console.error('Error: API_KEY is missing');", 'process.exitCode = 3;']),
  },
  {
    title: 'Doctor: the program prints something else',
    command: 'mcp-proxy doctor -- node server.mjs',
    setUp: program('server.mjs', [
      "import { createInterface } from 'node:readline';",
      "console.log('Starting the server ...');",
      "console.error('listening on stdin');",
      'const results = {',
      "  initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'notes', version: '2' } },",
      "  'tools/list': { tools: [] },",
      '  ping: {},',
      '};',
      "createInterface({ input: process.stdin }).on('line', (line) => {",
      '  const { id, method } = JSON.parse(line);',
      '  const result = results[method];',
      "  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));",
      '});',
    ]),
  },
  { title: 'Doctor: the program writes without end', command: 'mcp-proxy doctor -- yes' },
  {
    title: 'Doctor: the entry of a host is wrong',
    command: 'mcp-proxy doctor {url}',
    setUp: async (workspace) => {
      const { url } = await workspace.open(startScripted('/mcp', legacyServer()));
      const folder = path.join(workspace.home, '.cursor');
      mkdirSync(folder);
      const mcpServers = {
        notes: { command: '/opt/node/bin/node', args: ['/opt/mcp-proxy/bin/mcp-proxy.js', url] },
        other: { command: 'npx', args: ['-y', '@mikluko/mcp-proxy', 'https://other.example/mcp', '--debug'] },
        keyed: {
          command: './node',
          args: ['bin/mcp-proxy.js', 'https://keyed.example/mcp', '-H', 'X-Key:${UNSET_KEY}'],
        },
      };
      writeFileSync(path.join(folder, 'mcp.json'), JSON.stringify({ mcpServers }));
      return { url };
    },
  },
];

export const DOCTOR: Group = {
  title: 'The doctor',
  mistakes: MISTAKES.map((mistake) => ({ ...mistake, play: toTheEnd })),
};

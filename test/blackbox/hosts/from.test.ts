// `install --from`: entries of other programs in a host's configuration, and URLs that a host connects to itself.
import { expect, it } from 'vitest';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startScripted } from '../../peers/scripted.ts';
import { run } from '../sign-in/command.ts';
import { argumentsIn, callEcho, HostHome } from './host-home.ts';

const open = opened();

async function setting() {
  const server = await open(startScripted('/mcp', legacyServer()));
  const home = await open(new HostHome());
  const install = (...args: string[]) => run('install', args, { home: home.folder });
  return { server, home, install };
}

it('an entry for mcp-remote works in another host, with its environment variables', async () => {
  const { server, home, install } = await setting();
  home.add('cursor');
  home.add(
    'claude-desktop',
    JSON.stringify({
      mcpServers: {
        theirs: {
          command: 'npx',
          args: ['-y', 'mcp-remote@latest', server.url, '--header', 'Authorization:${AUTH}', '--debug', '--allow-http'],
          env: { AUTH: 'Bearer correct-horse', MCP_REMOTE_CONFIG_DIR: '/tmp/x' },
        },
      },
    }),
  );
  const { code, out } = await install('cursor', '--from', 'claude-desktop', 'theirs', '--yes');
  expect(out).toContain(
    'Claude Desktop keeps its entry "theirs"; to remove it: mcp-proxy uninstall claude-desktop theirs',
  );
  expect({ code, text: out.join('\n') }).toEqual({ code: 0, text: expect.not.stringContaining('correct-horse') });
  const entry = home.entry('cursor', 'theirs');
  expect(argumentsIn(entry)).toEqual([
    server.url,
    '--header',
    'Authorization:${AUTH}',
    '--log-level',
    'debug',
    '--allow-http',
  ]);
  expect(entry.env).toEqual({ AUTH: 'Bearer correct-horse' });
  await callEcho(entry, home.folder);
  expect(server.requests.at(-2)?.headers.authorization).toBe('Bearer correct-horse');
});

it('an entry is rewritten in place, and restored', async () => {
  const { server, home, install } = await setting();
  const content = `{\n  "mcpServers": {\n    // by hand\n    "theirs": {\n      "command": "npx",\n      "args": ["-y", "supergateway", "--streamableHttp", "${server.url}", "--oauth2Bearer", "correct-horse"]\n    }\n  }\n}\n`;
  home.add('windsurf', content);
  expect(await install('--from', 'windsurf', 'theirs', '--yes')).toMatchObject({ code: 0, err: '' });
  const entry = home.entry('windsurf', 'theirs');
  expect(argumentsIn(entry)).toEqual([server.url, '--header', 'Authorization:${MCP_PROXY_AUTHORIZATION}']);
  expect(home.text('windsurf')).toContain('// by hand');
  await callEcho(entry, home.folder);
  expect(server.requests.at(-2)?.headers.authorization).toBe('Bearer correct-horse');
  await run('uninstall', ['windsurf', 'theirs'], { home: home.folder });
  expect(home.text('windsurf')).toBe(content);
});

it('flags on the command line replace those of the entry', async () => {
  const { server, home } = await setting();
  home.add('zed');
  home.add('gemini', JSON.stringify({ mcpServers: { a: { httpUrl: server.url, headers: { 'X-Key': '$MY_KEY' } } } }));
  const { out } = await run(
    'install',
    ['zed', '--from', 'gemini', 'a', '--print', '--log-level', 'warn', '--name', 'b'],
    {
      home: home.folder,
      env: { MY_KEY: 'correct-horse' },
    },
  );
  const { command, args, env } = JSON.parse(out.join('\n')).context_servers.b;
  expect(argumentsIn({ command, args })).toEqual([server.url, '--header', 'X-Key:${MY_KEY}', '--log-level', 'warn']);
  expect(env).toEqual({ MY_KEY: 'correct-horse' });
});

it.each([
  [{ command: 'npx', args: ['supergateway', '--stdio', 'node server.js'] }, 'the entry has "--stdio"'],
  [{ command: 'uvx', args: ['mcp-proxy', 'node', 'x.js'] }, 'the entry starts mcp-proxy without the URL of a server'],
  [{ env: {} }, 'the entry has neither a URL nor a command'],
  [
    { command: 'npx', args: ['mcp-remote', 'https://server.example/mcp', '--header-file', 'x'] },
    'the entry has "--header-file", which cannot be rewritten',
  ],
  [
    { command: 'npx', args: ['mcp-remote', 'https://server.example/mcp', '--frobnicate'] },
    'the entry has "--frobnicate"',
  ],
  [{ url: 'https://server.example/mcp', headers: { A: '${input:token}' } }, '${input:token}'],
  [{ command: 'npx', args: ['mcp-remote', 'http://server.example/mcp'] }, 'http: sends everything to server.example'],
])('%j is refused', async (entry, message) => {
  const { home, install } = await setting();
  home.add('cursor', JSON.stringify({ mcpServers: { theirs: entry } }));
  const before = home.contents();
  const { code, err } = await install('--from', 'cursor', 'theirs', '--yes');
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect(home.contents()).toEqual(before);
});

it('a server that the host does not have is an error that names the others', async () => {
  const { home, install } = await setting();
  home.add('cursor');
  home.add('codex');
  expect(await install('cursor', '--from', 'codex', 'none', '--yes')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^mcp-proxy: Codex has no server "none" in .+\nhint: it has other\n$/),
  });
});

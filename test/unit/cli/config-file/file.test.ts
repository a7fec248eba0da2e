// What a configuration file means, and where it is wrong.
import { describe, expect, it } from 'vitest';
import { readServers } from '../../../../src/cli/config-file/file.ts';
import { Flags, readTokens } from '../../../../src/cli/flags/words.ts';
import { DEFAULTS, LISTEN_DEFAULTS, type Server } from '../../../../src/config.ts';

const ENV = { TOKEN: 'secret-token', HOST: 'api.example', EMPTY: '' };

function read(text: string, argv: string[] = [], port = 0) {
  const listen = port === 0 ? undefined : { ...LISTEN_DEFAULTS, host: 'localhost', port };
  return readServers(text, {
    file: 'servers.json',
    path: '/etc/servers.json',
    env: ENV,
    readFile: (name) => {
      if (name === 'client.json') return '{"client_id": "me", "client_secret": "${TOKEN}"}';
      if (name === 'variables.env') return 'FILE_KEY=from-a-file\n# comment\nPLAIN="two words"\n';
      throw Object.assign(new Error(name), { code: 'ENOENT' });
    },
    flags: argv.length === 0 ? new Flags() : readTokens(argv).flags,
    config: { ...DEFAULTS, listen },
  });
}

function only(entry: unknown, argv: string[] = []): Server {
  const { servers, problems } = read(JSON.stringify({ mcpServers: { one: entry } }), argv);
  expect(problems.map(({ error }) => error.message)).toEqual([]);
  return servers[0] as Server;
}

describe('a configuration file', () => {
  it.each([
    ['Claude, Cursor and .mcp.json', '{"mcpServers": {"one": {"url": "https://a.example/mcp"}}}'],
    ['VS Code', '{"servers": {"one": {"type": "http", "url": "https://a.example/mcp"}}, "inputs": []}'],
    ['the settings of VS Code', '{"editor.tabSize": 2, "mcp": {"servers": {"one": {"url": "https://a.example/mcp"}}}}'],
    ['Zed', '{"theme": "One", "context_servers": {"one": {"source": "custom", "url": "https://a.example/mcp"}}}'],
    ['Windsurf', '{"mcpServers": {"one": {"serverUrl": "https://a.example/mcp"}}}'],
    ['Gemini CLI', '{"mcpServers": {"one": {"httpUrl": "https://a.example/mcp", "trust": true}}}'],
    [
      'comments and trailing commas',
      '{\n  // all of them\n  "mcpServers": {"one": {"url": "https://a.example/mcp",}, /* none */},\n}',
    ],
  ])('is read in the form of %s', (_, text) => {
    const { servers, problems } = read(text);
    expect(problems).toEqual([]);
    expect(servers).toMatchObject([{ kind: 'http', name: 'one', url: new URL('https://a.example/mcp') }]);
  });

  it('has commands in every shape that hosts write', () => {
    const plain = { kind: 'stdio', command: 'npx', args: ['-y', 'server'] };
    expect(only({ command: 'npx', args: ['-y', 'server'] })).toMatchObject(plain);
    expect(only({ type: 'local', command: ['npx', '-y', 'server'] })).toMatchObject(plain);
    const nested = { command: { path: 'npx', args: ['-y', 'server'], env: { A: 'b' } }, settings: {} };
    expect(only(nested)).toMatchObject({ ...plain, env: [['A', 'b']] });
  });

  it('expands variables in URLs, headers, commands, arguments and variables', () => {
    const remote = only({ url: 'https://${HOST}/mcp?key=${TOKEN}', headers: { Authorization: 'Bearer ${env:TOKEN}' } });
    expect(remote).toMatchObject({
      url: new URL('https://api.example/mcp?key=secret-token'),
      headers: [['Authorization', 'Bearer secret-token']],
    });
    const local = only({
      command: '${RUN:-node}',
      args: ['--key', '${TOKEN}', '$HOME'],
      env: { KEY: '${TOKEN}', N: 1, OFF: null },
    });
    expect(local).toMatchObject({
      command: 'node',
      args: ['--key', 'secret-token', '$HOME'],
      env: [
        ['KEY', 'secret-token'],
        ['N', '1'],
      ],
    });
    const text = JSON.stringify({
      mcpServers: {
        one: { url: 'https://a.example/?k=${TOKEN}' },
        two: { command: 'x', env: { API_KEY: 'written-out' } },
      },
    });
    expect(read(text).secrets).toEqual(expect.arrayContaining(['secret-token', 'written-out']));
  });

  it('reads a file of variables, whose values are not expanded', () => {
    expect(only({ command: 'x', envFile: 'variables.env', env: { PLAIN: 'own' } })).toMatchObject({
      env: [
        ['FILE_KEY', 'from-a-file'],
        ['PLAIN', 'two words'],
        ['PLAIN', 'own'],
      ],
    });
  });

  it('withholds from local servers what is a secret of the proxy', () => {
    const text = JSON.stringify({
      mcpServers: { far: { url: 'https://a.example/mcp', headers: { 'X-Key': '${TOKEN}' } }, near: { command: 'x' } },
    });
    expect(read(text).servers[1]).toMatchObject({ withheld: ['TOKEN'] });
  });

  it('withholds what a file of client information holds, of an entry or of the command line', () => {
    const far = { url: 'https://a.example/mcp', 'static-oauth-client-info': '@client.json' };
    const near = { command: 'x' };
    expect(read(JSON.stringify({ mcpServers: { far, near } })).servers[1]).toMatchObject({ withheld: ['TOKEN'] });
    const flags = ['--static-oauth-client-info', '@client.json'];
    expect(read(JSON.stringify({ mcpServers: { near } }), flags).servers[0]).toMatchObject({ withheld: ['TOKEN'] });
  });

  it('has the last word where the command line says something else about the same', () => {
    const flags = ['--cwd', '/tmp', '--rename-tool', 'a=b', '--rename-tool', 'c=d', '--env', 'A=1', '--env', 'B=2'];
    const headers = ['-H', 'authorization: Bearer general', '-H', 'X-Team: one'];
    expect(only({ command: 'x', cwd: '/usr', 'rename-tool': ['a=own'], env: { A: 'own' } }, flags)).toMatchObject({
      cwd: '/usr',
      env: [
        ['B', '2'],
        ['A', 'own'],
      ],
      policy: {
        renameTools: [
          ['c', 'd'],
          ['a', 'own'],
        ],
      },
    });
    expect(only({ url: 'https://a.example/mcp', headers: { Authorization: 'Bearer own' } }, headers)).toMatchObject({
      headers: [
        ['X-Team', 'one'],
        ['Authorization', 'Bearer own'],
      ],
    });
  });

  it('has flags as keys, on top of those of the command line', () => {
    const given = ['--ignore-tool', 'admin_*', '--profile', 'work', '--log-level', 'debug'];
    expect(
      only(
        { url: 'https://a.example/mcp', 'ignore-tool': ['a', 'b'], transport: 'http-only', 'auth-timeout': 60 },
        given,
      ),
    ).toMatchObject({
      ignoreTools: ['admin_*', 'a', 'b'],
      strategy: 'http-only',
      auth: { profile: 'work', timeout: 60_000 },
    });
    expect(only({ url: 'https://a.example/mcp', profile: 'home' }, given)).toMatchObject({ auth: { profile: 'home' } });
    // A local server has no account, so the flag is not for it.
    expect(only({ command: 'x', disabledTools: ['c'] }, given)).toMatchObject({
      kind: 'stdio',
      ignoreTools: ['admin_*', 'c'],
    });
    expect(only({ url: 'https://a.example/sse', type: 'sse', prefix: true })).toMatchObject({
      strategy: 'sse-first',
      prefix: true,
    });
    const client = { url: 'https://a.example/mcp', 'static-oauth-client-info': { client_id: 'me' } };
    expect(only(client)).toMatchObject({ auth: { clientInfo: { client_id: 'me' } } });
  });

  it('has limits of its own, on top of those of HTTP mode', () => {
    const given = ['--listen', ':0', '--max-children', '3', '--upstream-session', 'shared', '--session-idle', '7'];
    const local = { kind: 'stdio', maxChildren: 3, upstreamSession: 'shared' };
    expect(only({ command: 'x', 'child-idle': 5 }, given)).toEqual(
      expect.objectContaining({ ...local, childIdle: 5000 }),
    );
    expect(only({ command: 'x', 'max-children': 9, 'upstream-session': 'per-client' }, given)).toMatchObject({
      maxChildren: 9,
      upstreamSession: 'per-client',
    });
    const remote = only({ url: 'https://a.example/mcp' }, given);
    expect(remote).toMatchObject({ upstreamSession: 'shared' });
    expect(remote).not.toHaveProperty('maxChildren');
    // Without these flags, an entry says nothing about it.
    expect(only({ command: 'x' })).not.toHaveProperty('childIdle');
    expect(only({ command: 'x' })).not.toHaveProperty('upstreamSession');
  });

  it('leaves out servers that are turned off, whatever else they say', () => {
    const text = '{"mcpServers": {"a": {"disabled": true, "url": 7}, "b": {"enabled": false}, "c": {"command": "x"}}}';
    expect(read(text)).toMatchObject({ servers: [{ name: 'c' }], off: ['a', 'b'], problems: [] });
  });
});

/** A file with one entry that is wrong, whose text is on the third line, and one that is right. */
function problemIn(entry: string, port?: number): string | undefined {
  const text = `{\n  "mcpServers": {\n${entry},\n    "good": {"command": "x"}\n  }\n}`;
  const { servers, problems } = read(text, [], port);
  expect(servers.map(({ name }) => name)).toContain('good');
  const [first, ...others] = problems;
  expect(others).toEqual([]);
  return first && `${first.error.message} | ${first.error.data.hint}`;
}

describe('one entry that is wrong', () => {
  it.each([
    [
      '    "a": {"url": "https://a.example/mcp", "ignore-tols": ["x"]}',
      '3:43: server "a": unknown key "ignore-tols" | did you mean "ignore-tool"?',
    ],
    [
      '    "a": {"url": "https://a.example/mcp", "allowHttp": true}',
      '3:43: server "a": unknown key "allowHttp" | did you mean "allow-http"?',
    ],
    [
      '    "a": {"url": "https://a.example/mcp", "listen": ":80"}',
      '3:43: server "a": "listen" is not about one server | give it on the command line: --listen',
    ],
    [
      '    "a": {"url": "https://a.example/mcp", "max-sessions": 5}',
      '3:43: server "a": "max-sessions" is not about one server | give it on the command line: --max-sessions',
    ],
    [
      '    "a": {"url": "https://a.example/mcp", "capture": "x.jsonl"}',
      '3:43: server "a": "capture" is not about one server | give it on the command line: --capture',
    ],
    [
      '    "a": {"url": "https://a.example/mcp", "max-children": 5}',
      '3:11: server "a": "max-children" is for servers that a command starts | leave it out',
    ],
    [
      '    "a": {"command": "x", "max-children": "many"}',
      '3:43: server "a": invalid value for max-children | expected a whole number, 1 or more',
    ],
    [
      '    "a": {"command": "x", "child-idle": true}',
      '3:41: server "a": "child-idle" is a boolean | expected a number',
    ],
    [
      '    "a": {"url": "https://a.example/mcp", "forward-header": "x-a", "upstream-session": "shared"}',
      '3:11: server "a": forward-header and upstream-session shared cannot be used together',
    ],
    ['    "a": {"url": 7}', '3:18: server "a": "url" is a number | expected a string'],
    [
      '    "a": ["https://a.example/mcp"]',
      '3:10: server "a": the entry "a" is an array | expected an object in braces',
    ],
    ['    "a": {"command": "x", "args": "y"}', '3:35: server "a": "args" is a string | expected an array of strings'],
    [
      '    "a": {"command": "x", "args": ["y", 1]}',
      '3:41: server "a": an element of "args" is a number | expected a string',
    ],
    ['    "a": {"command": "x", "env": {"A": {}}}', '3:40: server "a": "A" in "env" is an object | expected a string'],
    [
      '    "a": {"url": "https://a.example/mcp", "url": "https://b.example/mcp"}',
      '3:43: server "a": "url" is given twice | leave one of them out',
    ],
    [
      '    "a": {"url": "https://a.example/mcp", "command": "x"}',
      '3:11: server "a": both a URL and a command are given | leave one of them out',
    ],
    ['    "a": {}', '3:5: server "a": neither a URL nor a command is given | expected "url" or "command"'],
    [
      '    "a": {"url": "https://a.example/mcp", "type": "stdio"}',
      '3:51: server "a": the type "stdio" does not fit | expected http or sse for a server at a URL',
    ],
    [
      '    "a": {"url": "https://a.example/mcp", "transport": "udp"}',
      '3:56: server "a": invalid value for transport | expected one of http-first, sse-first, http-only, sse-only',
    ],
    [
      '    "a": {"url": "https://a.example/mcp", "auth-timeout": "soon"}',
      '3:59: server "a": invalid value for auth-timeout | expected a whole number of seconds, 1 or more',
    ],
    [
      '    "a": {"url": "https://${UNSET}/mcp"}',
      '3:18: server "a": "url" uses ${UNSET}, which is not set | set UNSET in the environment',
    ],
    [
      '    "a": {"url": "https://a.example/mcp", "headers": {"X-Key": "${EMPTY}"}}',
      '3:11: server "a": header X-Key uses ${EMPTY}, which is empty',
    ],
    ['    "a": {"command": "${input:key}"}', '3:22: server "a": "command" uses ${input:key}, which is not one of'],
    [
      '    "a": {"url": "http://a.example/mcp"}',
      '3:11: server "a": http: sends everything to a.example without encryption | use https:, or add allow-http to connect anyway',
    ],
    [
      '    "a": {"command": "x", "profile": "work"}',
      '3:11: server "a": "profile" is for servers at a URL | leave it out',
    ],
    [
      '    "a": {"command": "x", "disabled": "yes"}',
      '3:39: server "a": "disabled" is a string | expected true or false',
    ],
    ['    "a__b": {"command": "x"}', '3:5: server "a__b": the name is not usable in paths, metrics and names of tools'],
    ['    "a/b": {"command": "x"}', '3:5: server "a/b": the name is not usable in paths'],
    [
      '    "a": {"command": "npx", "args": ["-y", "@mikluko/mcp-proxy", "--config", "/etc/servers.json"]}',
      '3:5: server "a": this server is this proxy itself, which would start itself again and again',
    ],
    [
      '    "a": {"command": "mcp-proxy", "args": ["--config=/etc/servers.json"]}',
      '3:5: server "a": this server is this proxy itself',
    ],
  ])('%s', (entry, expected) => {
    expect(problemIn(entry)).toContain(`servers.json:${expected}`);
  });

  it('has a name that another one has', () => {
    const names = ['"a": {"command": "x"}', '"a": {"command": "y"}', '"A": {"command": "z"}'];
    const { servers, problems } = read(`{"servers": {${names.join(', ')}}}`);
    expect(servers).toMatchObject([{ command: 'x' }]);
    expect(problems.map(({ error }) => error.message)).toEqual([
      'servers.json:1:37: server "a": two servers have this name',
      'servers.json:1:60: server "A": "a" is the same name but for upper and lower case',
    ]);
  });

  it('is at the address where this proxy listens', () => {
    const own = '    "a": {"url": "http://localhost:8080/servers/b/mcp"}';
    expect(problemIn(own, 8080)).toContain('this server is this proxy itself');
    expect(problemIn(own, 8081)).toBeUndefined();
  });

  it('shows no secret', () => {
    const told = problemIn('    "a": {"url": "https://a.example/mcp", "headers": {"X Key": "hunter2-hunter2"}}');
    expect(told).not.toContain('hunter2');
  });
});

describe('a file that is none', () => {
  it('is nested too deeply', () => {
    expect(() => read('['.repeat(100_000))).toThrow('servers.json:1:1: it is nested too deeply');
  });

  it.each([
    ['{"mcpServers": {"a": ', 'servers.json:1:22: '],
    ['{"mcpServers": []}', 'servers.json:1:16: "mcpServers" is an array'],
    ['{"server": {}}', 'the file "servers.json" has no servers'],
    ['[]', 'servers.json:1:1: expected an object in braces'],
  ])('%s', (text, expected) => {
    expect(() => read(text)).toThrow(expected);
  });
});

describe('a placeholder of another host is refused and quoted, and nothing of it is sent', () => {
  const remote = (members: object): object => ({ url: 'https://a.example/mcp', ...members });
  const local = (members: object): object => ({ command: 'x', ...members });

  it.each<[string, (text: string) => object]>([
    ['a URL', (text) => ({ url: `https://a.example/mcp?key=${text}` })],
    ['a header', (text) => remote({ headers: { Authorization: `Bearer ${text}` } })],
    ['client info', (text) => remote({ 'static-oauth-client-info': { client_id: 'me', client_secret: text } })],
    ['a command', (text) => ({ command: text })],
    ['an argument', (text) => local({ args: ['--key', text] })],
    ['a variable', (text) => local({ env: { KEY: text } })],
    ['a working directory', (text) => local({ cwd: `/${text}` })],
  ])('in %s', (where, entry) => {
    for (const text of [
      '${input:token}',
      '${command:pick}',
      '${TOKEN:?other}',
      '${UNSET}',
      '${workspaceFolder}',
      '${',
    ]) {
      const told = problemIn(`"a": ${JSON.stringify(entry(text))}`);
      expect(told, text).toContain(text.length > 2 ? text : '${');
      expect(told, text).not.toContain('secret-token');
    }
    // None is expanded in a path; everywhere else, those of the environment are.
    if (where !== 'a working directory')
      expect(problemIn(`"a": ${JSON.stringify(entry('${env:HOST}'))}`)).toBeUndefined();
  });
});

// Configurations that the proxy must never write, and the errors it shows instead.
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { privateHome } from '../../peers/proxy.ts';
import { startScripted } from '../../peers/scripted.ts';
import { type Outcome, run } from '../sign-in/command.ts';
import { HOST_FILES, HostHome } from './host-home.ts';

const open = opened();
const URL_TEXT = 'https://server.example/mcp';

async function installed(home: HostHome, args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  return run('install', args, { home: home.folder, env });
}

describe('a configuration that cannot be parsed', () => {
  it.each([
    ['cursor', '{\n  "mcpServers": {\n    "a": {}\n    "b": {}\n  }\n}\n', 4, 5],
    ['claude-code', '{"mcpServers": [}', 1, 17],
    ['vscode', '\uFEFF{\r\n\t"servers": nope\r\n}\r\n', 2, 13],
    ['codex', 'model = "x"\nbroken = = 1\n', 2, 10],
    ['zed', '// only a comment\n[]\n', 2, 1],
  ])('of %s stays as it is, and the error names the place: %j', async (host, content, line, column) => {
    const home = await open(new HostHome());
    const file = home.add(host, content);
    const before = home.contents();
    const { code, err, out } = await installed(home, [host, URL_TEXT, '--yes']);
    expect(code).toBe(1);
    expect(err).toContain(`cannot edit ${file}, line ${line}, column ${column}: `);
    expect(err).toMatch(/\nmcp-proxy: nothing was written\nhint: correct the file/);
    expect(home.contents()).toEqual(before);
    const [heading, ...snippet] = out;
    expect(heading).toBe('to add by hand (--print shows hidden values too):');
    writeFileSync(file, snippet.join('\n'));
    expect(home.entry(host, 'server').args).toContain(URL_TEXT);
  });

  it('is not uninstalled from either', async () => {
    const home = await open(new HostHome());
    const file = home.add('cursor', '{"mcpServers": {"a": {}}');
    const { code, err } = await run('uninstall', ['cursor', 'a', '--yes'], { home: home.folder });
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining(`cannot edit ${file}, line 1, column 25: `),
    });
    expect(home.text('cursor')).toBe('{"mcpServers": {"a": {}}');
  });

  it('shows no secrets in the text to paste', async () => {
    const home = await open(new HostHome());
    home.add('cursor', '{');
    const { out } = await installed(home, ['cursor', URL_TEXT, '--yes', '-H', 'X-Key: correct-horse']);
    expect(out.join('\n')).toContain('"MCP_PROXY_X_KEY": "***"');
    const { out: printed } = await installed(home, ['cursor', URL_TEXT, '--print', '-H', 'X-Key: correct-horse']);
    expect(JSON.parse(printed.join('\n')).mcpServers.server.env).toEqual({ MCP_PROXY_X_KEY: 'correct-horse' });
  });

  it('is not one in UTF-8', async () => {
    const home = await open(new HostHome());
    const file = home.write('.cursor/mcp.json', Buffer.from('\uFEFF{}', 'utf16le'));
    const { code, err } = await installed(home, ['cursor', URL_TEXT, '--yes']);
    expect({ code, err }).toEqual({
      code: 1,
      err: `mcp-proxy: ${file} is not UTF-8\nhint: save it as UTF-8, then try again\n`,
    });
  });
});

describe.skipIf(process.platform === 'win32')('a file that must not be written', () => {
  it('is the target of a link outside of the home folder', async () => {
    const home = await open(new HostHome());
    const elsewhere = path.join(privateHome(), 'mcp.json');
    writeFileSync(elsewhere, '{}');
    mkdirSync(home.at('.cursor'));
    symlinkSync(elsewhere, home.at('.cursor/mcp.json'));
    const { code, err } = await installed(home, ['cursor', URL_TEXT, '--yes']);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('outside of your home folder\nhint: ') });
    expect(readFileSync(elsewhere, 'utf8')).toBe('{}');
  });

  it('is in a folder that is a link out of the home folder, or does not exist yet', async () => {
    const home = await open(new HostHome());
    const elsewhere = privateHome();
    symlinkSync(elsewhere, home.at('.cursor'));
    symlinkSync(path.join(elsewhere, 'none.json'), home.at('.claude.json'));
    for (const host of ['cursor', 'claude-code']) {
      const { code, err } = await installed(home, [host, URL_TEXT, '--yes'], { PATH: path.dirname(process.execPath) });
      expect({ code, err }, host).toEqual({
        code: 1,
        err: expect.stringMatching(/outside of your home|not installed/),
      });
    }
    expect(() => statSync(path.join(elsewhere, 'mcp.json'))).toThrow('ENOENT');
  });

  it('belongs to another user', async () => {
    const home = await open(new HostHome());
    // Only root can make such a file. As any other user, take a file of root's that exists.
    const isRoot = process.getuid?.() === 0;
    const file = isRoot ? home.add('opencode', '{}') : '/etc/hosts';
    if (isRoot) chownSync(file, 4242, 4242);
    const { code, err } = await installed(home, ['opencode', URL_TEXT, '--yes'], { OPENCODE_CONFIG: file });
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/belongs to another user \(uid \d+\)\nhint: /),
    });
    if (isRoot) expect(readFileSync(file, 'utf8')).toBe('{}');
  });

  it('is never a link within the home folder: its target is written, and the link and the permissions stay', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const home = await open(new HostHome());
    const target = home.write('dotfiles/cursor.json', '{}\n');
    chmodSync(target, 0o640);
    mkdirSync(home.at('.cursor'));
    symlinkSync('../dotfiles/cursor.json', home.at('.cursor/mcp.json'));
    expect(await installed(home, ['cursor', server.url, '--yes', '--name', 'mine'])).toMatchObject({
      code: 0,
      err: '',
    });
    expect(lstatSync(home.at('.cursor/mcp.json')).isSymbolicLink()).toBe(true);
    expect(statSync(target).mode & 0o777).toBe(0o640);
    expect(readFileSync(target, 'utf8')).toContain('"mine"');
    await run('uninstall', ['cursor', 'mine'], { home: home.folder });
    expect(readFileSync(target, 'utf8')).toBe('{}\n');
    expect(statSync(target).mode & 0o777).toBe(0o640);
  });
});

describe('an installation', () => {
  it('needs --yes without a terminal, and shows the change anyway', async () => {
    const home = await open(new HostHome());
    home.add('cursor');
    const before = home.contents();
    const { code, err, out } = await installed(home, ['cursor', URL_TEXT]);
    expect({ code, err }).toEqual({
      code: 2,
      err: 'mcp-proxy: nothing was written: there is no terminal to ask on (add "server" to Cursor?)\nhint: add --yes to write without asking\n',
    });
    expect(out).toContain('+     "server": {');
    expect(home.contents()).toEqual(before);
  });

  it('hides the secrets of other servers in the change', async () => {
    const home = await open(new HostHome());
    home.add(
      'cursor',
      '{\n  "mcpServers": {\n    "other": {\n      "args": ["--header", "Authorization: Bearer their-secret"],\n      "env": { "TOKEN": "its-own-secret" }\n    }\n  }\n}\n',
    );
    const { out } = await installed(home, ['cursor', URL_TEXT]);
    expect(out.join('\n')).toContain('"env": { "TOKEN": "***" }');
    expect(out.join('\n')).not.toMatch(/their-secret|its-own-secret/);
  });

  it('leaves servers of other programs alone, unless the user names them', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const home = await open(new HostHome());
    const content = '{\n  "mcpServers": {\n    "server": {\n      "command": "x" // mine\n    }\n  }\n}\n';
    home.add('cursor', content);
    const { code, err } = await installed(home, ['cursor', server.url, '--yes']);
    expect({ code, err }).toEqual({
      code: 2,
      err: 'mcp-proxy: Cursor has another server with the name "server"\nhint: --name server-PORT adds this one, --name server replaces the other one\n'.replace(
        'PORT',
        new URL(server.url).port,
      ),
    });
    expect(home.text('cursor')).toBe(content);
    expect(await installed(home, ['cursor', server.url, '--yes', '--name', 'server'])).toMatchObject({ code: 0 });
    expect(home.entry('cursor', 'server').args).toContain(server.url);
    expect(await run('uninstall', ['cursor', 'server'], { home: home.folder })).toMatchObject({ code: 0 });
    expect(home.text('cursor')).toBe(content);
  });

  it('keeps the entry and says so when the server does not answer', async () => {
    const server = await startScripted('/mcp', legacyServer());
    await server.close();
    const home = await open(new HostHome());
    home.add('cursor');
    const { code, err } = await installed(home, ['cursor', server.url, '--yes', '--name', 'mine']);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^mcp-proxy: "mine" is written, but does not work: [^(]*nothing listens there\nhint: check that the server is running, and the port; to undo: mcp-proxy uninstall cursor mine\n$/,
    );
    expect(home.entry('cursor', 'mine').args).toContain(server.url);
  });

  it.each([
    [[], 'no host given'],
    [['cursor'], 'no URL given'],
    [['emacs', URL_TEXT], 'unknown host "emacs"'],
    [['crusor', URL_TEXT], 'unknown host "crusor"\nhint: did you mean cursor?'],
    [[URL_TEXT, 'cursor'], 'the host comes before the URL'],
    [['cursor', URL_TEXT, URL_TEXT], 'two URLs are given'],
    [['cursor', URL_TEXT, '--listen', ':8080'], 'hosts start servers on stdio'],
    [['cursor', URL_TEXT, '--name', 'a b'], 'invalid value for --name'],
    [['cursor', URL_TEXT, '-H', 'Authorization: Bearer ${NO_SUCH}'], '--header Authorization'],
    [['cursor', 'http://server.example/mcp'], 'http: sends everything to server.example without encryption'],
    [['cursor', 'every', URL_TEXT], 'use --name every'],
    [['cursor', URL_TEXT, 'every'], 'use --name every'],
    [['cursor', 'notaurl'], 'what follows the host is not a URL'],
    [['windsurf', URL_TEXT, '--project'], 'Windsurf has no configuration for a project'],
    [['cursor', '--from', 'codex'], '--from codex needs the name of a server'],
  ])('%j is a mistake', async (args, message) => {
    const home = await open(new HostHome());
    for (const host of Object.keys(HOST_FILES)) home.add(host);
    const before = home.contents();
    const { code, err } = await installed(home, [...args, '--yes']);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).toMatch(/\nhint: /);
    expect(home.contents()).toEqual(before);
  });

  it.each([
    ['--yes', 'install'],
    ['--project', 'install'],
    ['--from=codex', 'install'],
  ])('owns %s', async (flag, command) => {
    const home = await open(new HostHome());
    const { code, err } = await run('login', [URL_TEXT, flag], { home: home.folder });
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`belongs to the command ${command}\n`) });
  });
});

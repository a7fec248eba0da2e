import type { ChildProcess, SpawnOptions, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProxyError } from '../../../src/errors.ts';
import { browserCommand, checkBrowserUrl, openBrowser } from '../../../src/platform/browser.ts';
import { HOSTILE_URLS } from './hostile-urls.ts';

const GOOD = new URL('https://as.example/authorize?client_id=a&scope=b%20c');

describe('checkBrowserUrl', () => {
  it.each([
    'https://as.example/authorize?response_type=code&state=1',
    'https://as.example',
    'HTTPS://AS.example/',
    'https://as.example:8443/a/b:c=d?e=f@g&h=%40#i',
    'https://as.example/@user',
    'https://as.example?at=@',
    'https://bücher.example/',
    'https://as.example/ü?x=ü',
    'https://192.0.2.1/',
    'https://[2001:db8::1]/',
    'http://localhost/',
    'http://localhost:8080/authorize',
    'http://LOCALHOST:8080/',
    'http://127.0.0.1:1234/x',
    'http://127.1/',
    'http://[::1]:1234/x',
    'http://as.localhost:1234/',
  ])('lets %s pass', (url) => {
    expect(checkBrowserUrl(url).href).toBe(new URL(url).href);
  });

  it.each(HOSTILE_URLS.map((url) => [JSON.stringify(url), url]))('refuses %s', (_shown, url) => {
    expect(() => checkBrowserUrl(url)).toThrow(ProxyError);
  });

  it('says what is wrong with it, without what may be secret in it and on one line', () => {
    const message = (url: string): string => {
      try {
        checkBrowserUrl(url);
      } catch (error) {
        expect(error).toMatchObject({ code: 'unauthorized', data: { hint: expect.stringContaining('authorization') } });
        return (error as Error).message;
      }
      return 'nothing';
    };
    expect(message('http://as.example/authorize?state=hidden-state#hidden')).toBe(
      'the sign-in URL "http://as.example/authorize" is not opened: http: is allowed for this machine only, and https: for all others',
    );
    expect(message('https://user:hidden@as.example/')).toBe(
      'the sign-in URL "https://***@as.example/" is not opened: it has a user name in it',
    );
    expect(message('https://as.example/\r\n\u001b[2J?state=hidden')).toMatch(/^[ -~]*$/);
    expect(message(`javascript:${'x'.repeat(5_000)}`).length).toBeLessThan(400);
  });
});

describe('browserCommand', () => {
  const all = (): boolean => true;
  const none = (): boolean => false;
  const only =
    (...names: string[]) =>
    (name: string): boolean =>
      names.includes(name);
  const SSH = { SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' };
  const rundll32 = ['url.dll,FileProtocolHandler', '%s'];

  it.each([
    ['macOS', 'darwin', {}, 'open', ['%s']],
    ['Windows', 'win32', {}, 'rundll32', rundll32],
    ['Linux with X', 'linux', { DISPLAY: ':0' }, 'xdg-open', ['%s']],
    ['Linux with Wayland', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, 'xdg-open', ['%s']],
    ['FreeBSD with X', 'freebsd', { DISPLAY: ':0' }, 'xdg-open', ['%s']],
  ] as const)('%s', (_name, platform, env, command, args) => {
    expect(browserCommand(env, platform, none)).toEqual({ command, args });
  });

  it.each([
    ['Linux without a screen', 'linux', {}],
    ['Linux with empty variables', 'linux', { DISPLAY: '', WAYLAND_DISPLAY: '', BROWSER: ' ' }],
    ['SSH on Linux, with X forwarded', 'linux', { ...SSH, DISPLAY: 'localhost:10.0' }],
    ['SSH on macOS', 'darwin', SSH],
    ['SSH on Windows', 'win32', { SSH_TTY: 'windows-pty' }],
  ] as const)('none: %s', (_name, platform, env) => {
    expect(browserCommand(env, platform, all)).toBeUndefined();
  });

  it('takes the browser of the Windows around WSL', () => {
    expect(browserCommand({}, 'wsl', none)).toEqual({ command: 'rundll32.exe', args: rundll32 });
    expect(browserCommand({ DISPLAY: ':0' }, 'wsl', all)).toEqual({ command: 'rundll32.exe', args: rundll32 });
    expect(browserCommand(SSH, 'wsl', all)).toBeUndefined();
  });

  it.each([
    ['a command', 'firefox', only('firefox'), 'firefox', ['%s']],
    ['a command with arguments', 'firefox --new-tab', only('firefox'), 'firefox', ['--new-tab', '%s']],
    ['a place for the URL', 'chrome --app=%s -x', only('chrome'), 'chrome', ['--app=%s', '-x']],
    ['two places', 'b %s --again=%s', only('b'), 'b', ['%s', '--again=%s']],
    ['a path with spaces', '/opt/my browser/run', only('/opt/my browser/run'), '/opt/my browser/run', ['%s']],
    ['spaces around', '  firefox   -P  x ', only('firefox'), 'firefox', ['-P', 'x', '%s']],
    ['several, the first of which is there', 'a:b -x:c', only('b', 'c'), 'b', ['-x', '%s']],
    ['a colon in arguments', 'a --display=:1', only('a', '1'), 'a', ['--display=:1', '%s']],
    ['nothing that is there', 'gone -x', none, 'gone', ['-x', '%s']],
    ['no shell', 'a;rm -rf $HOME', none, 'a;rm', ['-rf', '$HOME', '%s']],
  ])('$BROWSER is %s', (_what, value, isCommand, command, args) => {
    for (const env of [{ BROWSER: value }, { BROWSER: value, ...SSH }]) {
      expect(browserCommand(env, 'linux', isCommand)).toEqual({ command, args });
    }
  });

  it.each([
    'cmd.exe /c start',
    '/mnt/c/Windows/System32/CMD.EXE /c start',
    'powershell.exe Start-Process',
    'pwsh -Command',
    'sh -c %s',
    '/bin/bash -lc firefox',
  ])('no browser is opened by way of a shell: %s', (value) => {
    const isCommand = (name: string): boolean => !name.includes(' ');
    for (const platform of ['linux', 'win32'] as const) {
      expect(browserCommand({ BROWSER: value, DISPLAY: ':0' }, platform, isCommand)).toBeUndefined();
    }
  });

  it('a script that a shell reads is a program like any other', () => {
    const found = browserCommand({ BROWSER: 'sh /opt/open.sh' }, 'linux', only('sh'));
    expect(found).toEqual({ command: 'sh', args: ['/opt/open.sh', '%s'] });
  });

  it('$BROWSER on Windows has a drive and no alternatives', () => {
    expect(browserCommand({ BROWSER: 'C:\\b.exe' }, 'win32', none)).toEqual({
      command: 'C:\\b.exe',
      args: ['%s'],
    });
  });
});

describe('openBrowser with a stand-in for spawn', () => {
  const calls: { command: string; args: readonly string[]; options: SpawnOptions }[] = [];
  let isUnreferenced = false;
  beforeEach(() => {
    calls.length = 0;
    isUnreferenced = false;
  });

  /** Records how it was called; `act` makes the process end, or not. */
  function standIn(act: (child: EventEmitter) => void): typeof spawn {
    const start = (command: string, args: readonly string[], options: SpawnOptions): ChildProcess => {
      calls.push({ command, args, options });
      const child = Object.assign(new EventEmitter(), {
        unref: () => {
          isUnreferenced = true;
        },
      });
      process.nextTick(act, child);
      return child as unknown as ChildProcess;
    };
    return start as typeof spawn;
  }
  const satisfied = standIn((child) => child.emit('exit', 0, null));

  it('starts one program, detached, silent, without a shell', async () => {
    expect(await openBrowser(GOOD, { A: 'b' }, { platform: 'darwin', spawn: satisfied })).toBe('opened');
    const options = { env: { A: 'b' }, stdio: 'ignore', detached: true, windowsHide: true };
    expect(calls).toEqual([{ command: 'open', args: [GOOD.href], options }]);
    expect(isUnreferenced).toBe(true);
  });

  it.each(['darwin', 'win32', 'linux'] as const)('hands over nothing hostile on %s', async (platform) => {
    const env = { DISPLAY: ':0' };
    for (const text of HOSTILE_URLS) {
      // What the URL parser makes of a text may be harmless; then the program opens that, and no part of the text.
      const url = URL.canParse(text) ? new URL(text) : undefined;
      if (url !== undefined) await openBrowser(url, env, { platform, spawn: satisfied }).catch(() => {});
    }
    expect(calls.length).toBeGreaterThan(0);
    for (const { args } of calls) expect(args.at(-1)).toMatch(/^https:\/\/[^/\s@\\]+\/[^\s\\]*$/);
    for (const { options } of calls) expect(options.shell).toBeUndefined();
  });

  it.each(['file:///etc/passwd', 'javascript:alert(1)', 'http://as.example/', 'https://u:p@as.example/'])(
    'starts nothing for %s',
    async (url) => {
      await expect(openBrowser(new URL(url), {}, { platform: 'darwin', spawn: satisfied })).rejects.toThrow(ProxyError);
      expect(calls).toEqual([]);
    },
  );

  it('puts the same URL in everywhere, whatever it is made of', async () => {
    const url = new URL(`https://as.example/$(x)/%s/%25s?a=$&&b=$'&c=\`id\`&d=%PATH%&e=;calc&f="x"&g=|x`);
    await openBrowser(url, { BROWSER: 'b --app=%s %s' }, { platform: 'linux', spawn: satisfied });
    const plain =
      'https://as.example/%24%28x%29/%25s/%25s?a=%24&&b=%24%27&c=%60id%60&d=%25PATH%25&e=%3Bcalc&f=%22x%22&g=%7Cx';
    expect(calls.map(({ args }) => args)).toEqual([[`--app=${plain}`, plain]]);
  });

  it('starts nothing where there is nobody to look', async () => {
    const env = { SSH_TTY: '/dev/pts/0' };
    expect(await openBrowser(GOOD, env, { platform: 'darwin', spawn: satisfied })).toBe('none');
    expect(calls).toEqual([]);
  });

  it.each([
    ['cannot be started', (child: EventEmitter) => child.emit('error', new Error('ENOENT'))],
    ['ends with an error', (child: EventEmitter) => child.emit('exit', 3, null)],
    ['is killed', (child: EventEmitter) => child.emit('exit', null, 'SIGSEGV')],
  ])('has failed when the program %s', async (_how, act) => {
    expect(await openBrowser(GOOD, {}, { platform: 'darwin', spawn: standIn(act) })).toBe('failed');
  });

  it('has failed when the call itself does', async () => {
    const throwing = (() => {
      throw new Error('EINVAL');
    }) as unknown as typeof spawn;
    expect(await openBrowser(GOOD, {}, { platform: 'win32', spawn: throwing })).toBe('failed');
  });

  it('has opened when the program goes on running, whatever it does later', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let running: EventEmitter | undefined;
      const spawnRunning = standIn((child) => {
        running = child;
      });
      const result = openBrowser(GOOD, {}, { platform: 'darwin', spawn: spawnRunning });
      vi.advanceTimersByTime(1_500);
      expect(await result).toBe('opened');
      running?.emit('exit', 1, null);
      running?.emit('error', new Error('late'));
    } finally {
      vi.useRealTimers();
    }
  });
});

describe.runIf(process.platform !== 'win32')('openBrowser with real programs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'browser test '));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function program(name: string, body: string, interpreter = '/bin/sh'): string {
    const file = path.join(folder, name);
    writeFileSync(file, `#!${interpreter}\n${body}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  it('hands over one argument in which nothing is expanded', async () => {
    const out = path.join(folder, 'out');
    const file = program('my browser', 'printf "%s\\n" "$#" "$@" >"$OUT"');
    const url = new URL('https://as.example/$(touch%20x)?a=`touch x`&b=$HOME&c=*&d=;touch+x&e=%PATH%&f=|x');
    expect(await openBrowser(url, { BROWSER: file, OUT: out, PATH: process.env.PATH })).toBe('opened');
    const query = 'a=%60touch%20x%60&b=%24HOME&c=%2A&d=%3Btouch+x&e=%25PATH%25&f=%7Cx';
    expect(readFileSync(out, 'utf8')).toBe(`1\nhttps://as.example/%24%28touch%20x%29?${query}\n`);
  });

  it('finds the program in the PATH of its environment', async () => {
    program('mine', 'test "$1" = --tab && test "$2" = https://as.example/');
    const env = { BROWSER: 'absent:mine --tab', PATH: folder };
    expect(await openBrowser(new URL('https://as.example/'), env)).toBe('opened');
    expect(await openBrowser(new URL('https://as.example/other'), env)).toBe('failed');
  });

  it('has failed with a program that is not there or not executable', async () => {
    expect(await openBrowser(GOOD, { BROWSER: path.join(folder, 'absent') })).toBe('failed');
    chmodSync(program('plain', 'exit 0'), 0o644);
    expect(await openBrowser(GOOD, { BROWSER: path.join(folder, 'plain') })).toBe('failed');
  });

  it('lets the browser run on', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const connected = once(server, 'connection') as Promise<[net.Socket]>;
    // Repeats what it receives until the connection ends.
    const body = `const socket = require('node:net').connect(${port}, '127.0.0.1'); socket.pipe(socket);`;
    const file = program('stays', body, process.execPath);
    expect(await openBrowser(GOOD, { BROWSER: file })).toBe('opened');
    const [socket] = await connected;
    const said = once(socket, 'data');
    socket.write('still there?');
    expect(String((await said)[0])).toBe('still there?');
    const ended = once(socket, 'close');
    socket.end();
    await ended;
    server.close();
  });
});

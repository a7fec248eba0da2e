// Nothing in the addresses of an authorization server has a meaning for a program that opens them.
import type { ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.ts';
import { browserCommand, checkBrowserUrl, openBrowser } from '../../../src/platform/browser.ts';

/** Characters that shells, PowerShell, cmd.exe, printf and option parsers would act on. */
const PAYLOADS = [
  '$(calc.exe)',
  '$(Start-Process calc)',
  '`calc`',
  '${IFS}',
  '$HOME',
  ';calc;',
  '|calc',
  "';calc;'",
  '";calc;"',
  '“;calc;”',
  '^&calc',
  '<calc>',
  '{calc,x}',
  '[calc]',
  '(calc)',
  '%PATH%',
  '%COMSPEC%',
  '%s%n',
  '100%',
  '!PATH!',
  '*',
  '--app=calc',
  '-e',
  'a,b',
  '\u2019;calc;\u2018',
];

const PARTS: readonly (readonly [part: string, url: (payload: string) => string])[] = [
  ['path', (p) => `https://as.example/a/${p}/b?x=1`],
  ['query name', (p) => `https://as.example/a?${p}=1&y=2`],
  ['query value', (p) => `https://as.example/a?x=${p}&y=2`],
  ['fragment', (p) => `https://as.example/a?x=1#${p}`],
];

const OPENERS: readonly (readonly [name: string, env: Record<string, string>, platform: NodeJS.Platform])[] = [
  ['open', {}, 'darwin'],
  ['rundll32', {}, 'win32'],
  ['xdg-open', { DISPLAY: ':0' }, 'linux'],
  ['the opener of WSL', { WSL_DISTRO_NAME: 'Debian' }, 'linux'],
  ['$BROWSER', { BROWSER: 'mine --flag' }, 'linux'],
  ['$BROWSER with a place', { BROWSER: 'mine --app=%s' }, 'linux'],
  ['wslview as $BROWSER', { BROWSER: 'wslview' }, 'linux'],
  ['PowerShell as $BROWSER', { BROWSER: 'powershell.exe -c Start-Process "%s"' }, 'linux'],
  ['$BROWSER on Windows', { BROWSER: 'C:\\b.exe' }, 'win32'],
];

/** All that the program may pass on: unreserved characters, escapes, and delimiters that no shell knows. */
const PLAIN =
  /^https:\/\/as\.example(?:[\w\-.~/:@=+]|%[0-9a-fA-F]{2})*(?:\?(?:[\w\-.~/:@=+?&]|%[0-9a-fA-F]{2})*)?(?:#(?:[\w\-.~/:@=+?]|%[0-9a-fA-F]{2})*)?$/;

async function handedOver(url: URL, env: Record<string, string>, platform: NodeJS.Platform): Promise<string[]> {
  const calls: string[][] = [];
  const start = ((_command: string, args: string[], options: object): ChildProcess => {
    expect(options).not.toHaveProperty('shell');
    calls.push(args);
    const child = Object.assign(new EventEmitter(), { unref: () => {} });
    process.nextTick(() => child.emit('exit', 0, null));
    return child as unknown as ChildProcess;
  }) as typeof spawn;
  expect(await openBrowser(url, env, { platform, spawn: start })).toBe('opened');
  expect(calls).toHaveLength(1);
  return calls[0] as string[];
}

/** What a server understands of a URL. */
function meaning(url: URL): unknown {
  const decoded = (text: string): string => decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  return [url.origin, decoded(url.pathname), [...url.searchParams], decoded(url.hash)];
}

describe.each(OPENERS)('%s', (_name, env, platform) => {
  it.each(PARTS)('gets nothing to act on in the %s', async (_part, urlWith) => {
    for (const payload of PAYLOADS) {
      const url = new URL(urlWith(payload));
      const args = await handedOver(url, env, platform);
      const given = (args.at(-1) as string).replace(/^(--app=|")/, '').replace(/"$/, '');
      expect(given, payload).toMatch(PLAIN);
      expect(meaning(new URL(given)), payload).toEqual(meaning(url));
    }
  });
});

it.each(['$(calc)', '`calc`', "a';calc;'", 'a"b', 'a&calc', '{calc}', '(calc)', '$home', 'a;b', 'a!b', 'a,b', 'a*b'])(
  'refuses the host %s, where nothing can be escaped',
  (host) => {
    expect(() => checkBrowserUrl(`https://${host}.example/`)).toThrow(ProxyError);
  },
);

it.each([
  'https://as.example/',
  'https://as.example/realms/a_b/~me/protocol/openid-connect/auth',
  'https://as.example/authorize?response_type=code&scope=a+b%20c&redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fcallback',
  'https://as.example/a%2Fb?x=%e2%82%ac&flag&empty=&again=http://other/?q=1',
  'https://as.example/?at=me@as.example&base64=ab+/cd==#/page?x=1',
  'https://b%C3%BCcher.example/%C3%BC',
  'http://127.0.0.1:14000/authorize?a=b',
  'http://[::1]:14000/authorize',
])('leaves %s as the URL parser spells it', (url) => {
  expect(checkBrowserUrl(url).href).toBe(new URL(url).href);
});

it.each([
  ['a % without an escape', 'https://as.example/100%?p=50%zz#%', 'https://as.example/100%25?p=50%25zz#%25'],
  ['a ; in a path', 'https://as.example/a;b=c', 'https://as.example/a%3Bb=c'],
  ['brackets in a query', 'https://as.example/?a[]=(1)', 'https://as.example/?a%5B%5D=%281%29'],
  ['an & outside of the query', 'https://as.example/a&b?c&d#e&f', 'https://as.example/a%26b?c&d#e%26f'],
])('escapes %s, once', (_what, url, plain) => {
  const once = checkBrowserUrl(url).href;
  expect(once).toBe(plain);
  expect(checkBrowserUrl(once).href).toBe(plain);
});

describe('on WSL', () => {
  const only =
    (...names: string[]) =>
    (name: string) =>
      names.includes(name);
  const system = '/mnt/c/Windows/System32/rundll32.exe';

  it.each([
    ['rundll32.exe before wslview', only('wslview', 'rundll32.exe'), 'rundll32.exe'],
    ['rundll32.exe that is not in PATH', only('wslview', system), system],
    ['wslview where there is nothing else', only('wslview'), 'wslview'],
    ['rundll32.exe where nothing is found', only(), 'rundll32.exe'],
  ])('%s', (_what, isCommand, command) => {
    expect(browserCommand({}, 'wsl', isCommand)?.command).toBe(command);
  });
});

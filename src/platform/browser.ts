/** Opens a URL that comes from the network in the user's browser, never through a shell. */

import { spawn as nodeSpawn } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isLoopback } from '../config.ts';
import type { Env } from '../core/ports.ts';
import { printable } from '../core/redact.ts';
import { isPlainHost, plainUrl } from '../core/shell-safe-url.ts';
import { parseUrl } from '../core/url.ts';
import { ProxyError } from '../errors.ts';

/** The URL replaces every `%s` in the arguments; there is at least one. */
export interface BrowserCommand {
  readonly command: string;
  readonly args: readonly string[];
}

export interface BrowserOptions {
  readonly platform?: NodeJS.Platform;
  readonly spawn?: typeof nodeSpawn;
}

/** How long to watch the program that opens a browser, in milliseconds. A program that still runs then is the browser itself. */
const WATCH = 1_500;

/** Characters that the URL parser would drop or change, and characters that would garble a line that shows the URL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach another program
const UNWANTED = /[\s\\\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]/;

/** Where WSL finds the program of Windows that opens URLs. It is not in PATH when `appendWindowsPath` is off (wsl.conf). */
const WSL_RUNDLL32 = ['rundll32.exe', '/mnt/c/Windows/System32/rundll32.exe'] as const;

/**
 * `opened`: a browser runs, or the program that starts it reported success. `none`: the user cannot see a browser on
 * this machine, or the machine has none. `failed`: the program could not be started, or ended with an error.
 * Rejects if the URL is not safe to open.
 */
export async function openBrowser(
  url: URL,
  env: Env,
  { platform = process.platform, spawn = nodeSpawn }: BrowserOptions = {},
): Promise<'opened' | 'none' | 'failed'> {
  const { href } = checkBrowserUrl(url.href);
  const found = browserCommand(env, isWsl(env, platform) ? 'wsl' : platform);
  if (found === undefined) return 'none';
  // A function, because `$&` and the like have a meaning in a replacement text.
  const args = found.args.map((arg) => arg.replaceAll('%s', () => href));
  return new Promise((resolve) => {
    try {
      // Stdout belongs to the protocol, and the browser must outlive this program.
      const child = spawn(found.command, args, { env, stdio: 'ignore', detached: true, windowsHide: true });
      // Keeps the process alive, because the caller waits for the outcome.
      const timer = setTimeout(() => resolve('opened'), WATCH);
      const settle = (how: 'opened' | 'failed'): void => {
        clearTimeout(timer);
        resolve(how);
      };
      child.on('error', () => settle('failed'));
      child.once('exit', (code) => settle(code === 0 ? 'opened' : 'failed'));
      child.unref();
    } catch {
      // Windows refuses some files in the call itself. Node refuses arguments that it cannot pass on.
      resolve('failed');
    }
  });
}

/**
 * Accepts only `https:` URLs, or `http:` URLs on this machine, with a plain host and without user info. The result is
 * spelled so that any program can open it, and so that a user can paste it from a terminal into a shell.
 * @throws ProxyError 'unauthorized' for every other URL
 */
export function checkBrowserUrl(url: string): URL {
  const refuse = (reason: string): never => {
    const shown = printable(url.replace(/[?#].*$/s, '').replace(/\/\/[^/]*@/, '//***@'), 200);
    throw new ProxyError('unauthorized', `the sign-in URL ${JSON.stringify(shown)} is not opened: ${reason}`, {
      hint: 'it comes from the authorization server of this MCP server; ask its operator',
    });
  };
  if (UNWANTED.test(url)) return refuse('it has characters that do not belong in a URL');
  if (!/^https?:\/\/[^/?#]/i.test(url)) return refuse('it is neither https: nor http:');
  const parsed = parseUrl(url);
  if (!parsed) return refuse('it is not a valid URL');
  if (/^[^/]*\/\/[^/?#]*@/.test(url)) return refuse('it has a user name in it');
  if (parsed.protocol !== 'https:' && !isLoopback(parsed.hostname)) {
    return refuse('http: is allowed for this machine only, and https: for all others');
  }
  if (!isPlainHost(parsed)) return refuse('its host name has characters that do not belong there');
  return new URL(plainUrl(parsed));
}

/** Windows Subsystem for Linux counts as a platform of its own: its browser is a Windows program. */
export type Desktop = NodeJS.Platform | 'wsl';

/**
 * The command that opens a browser on this platform; undefined where the user could not see one.
 * @param isCommand whether a name in PATH, or a path, is a program
 */
export function browserCommand(
  env: Env,
  platform: Desktop,
  isCommand: (name: string) => boolean = (name) => isProgram(name, env, platform),
): BrowserCommand | undefined {
  const wanted = env.BROWSER?.trim();
  if (wanted) return fromVariable(wanted, platform, isCommand);
  // Over SSH, the user sits in front of another machine.
  if (env.SSH_CONNECTION || env.SSH_TTY) return undefined;
  if (platform === 'darwin') return { command: 'open', args: ['%s'] };
  if (platform === 'win32') return { command: 'rundll32', args: ['url.dll,FileProtocolHandler', '%s'] };
  if (platform === 'wsl') {
    const command = WSL_RUNDLL32.find(isCommand);
    // `wslview` writes the URL into a PowerShell command, so it is the last choice.
    if (command === undefined && isCommand('wslview')) return { command: 'wslview', args: ['%s'] };
    return { command: command ?? 'rundll32.exe', args: ['url.dll,FileProtocolHandler', '%s'] };
  }
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return undefined;
  return { command: 'xdg-open', args: ['%s'] };
}

/** `$BROWSER`: a program, a program with arguments, or several of these separated by colons. The first that exists is used. */
function fromVariable(
  wanted: string,
  platform: Desktop,
  isCommand: (name: string) => boolean,
): BrowserCommand | undefined {
  if (isCommand(wanted)) return { command: wanted, args: ['%s'] };
  const alternatives = [wanted, ...(platform === 'win32' ? [] : wanted.split(':'))].map((text) => text.trim());
  const chosen = alternatives.find((text) => text !== '' && isCommand(text.split(/\s+/)[0] as string)) ?? wanted;
  const [command = '', ...args] = chosen.split(/\s+/);
  if (isShell(command, args)) return undefined;
  return { command, args: args.some((arg) => arg.includes('%s')) ? args : [...args, '%s'] };
}

/** Whether a command passes its arguments to a shell. A shell reads more than an address in a URL: `&` begins a command. */
function isShell(command: string, args: readonly string[]): boolean {
  const name = command.replace(/^.*[\\/]/, '').toLowerCase();
  if (/^cmd(\.exe)?$/.test(name)) return true;
  if (/^(powershell|pwsh)(\.exe)?$/.test(name)) return !args.some((arg) => /"%s"|'%s'/.test(arg));
  return /^(ba|da|k|z|fi|a)?sh$/.test(name) && args.some((arg) => /^-\w*c$/.test(arg));
}

function isWsl(env: Env, platform: NodeJS.Platform): boolean {
  if (platform !== 'linux') return false;
  if (env.WSL_DISTRO_NAME) return true;
  try {
    // Containers share the kernel but cannot start Windows programs.
    const isWindowsKernel = /microsoft/i.test(readFileSync('/proc/version', 'utf8'));
    return isWindowsKernel && isProgram('rundll32.exe', env, platform);
  } catch {
    return false;
  }
}

function isProgram(name: string, env: Env, platform: Desktop): boolean {
  const isPath = name.includes('/') || (platform === 'win32' && name.includes('\\'));
  const folders = isPath ? [''] : (env.PATH ?? env.Path ?? '').split(delimiter).filter((folder) => folder !== '');
  const endings = platform === 'win32' ? ['', ...(env.PATHEXT ?? '.EXE').split(';')] : [''];
  return folders.some((folder) => endings.some((ending) => isExecutable(join(folder, name + ending))));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

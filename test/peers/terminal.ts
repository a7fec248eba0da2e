// Starts the built program in a pseudo-terminal, as a user does: `script` of util-linux or of macOS makes one, so that no
// native package is needed. Windows has none: there, tests that need one are left out by `hasTerminal`.
//
//   const terminal = startTerminal(['login', server.url], { env });
//   await terminal.shows(/sign in/);
//   terminal.type('\u0003');
//   expect(await terminal.exit()).toBe(130);

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { Changes } from './changes.ts';
import { PROGRAM, privateHome, proxyEnvironment } from './proxy.ts';

export const hasTerminal = process.platform !== 'win32';

export const [CTRL_C, CTRL_D] = ['\u0003', '\u0004'];

/** Goes to the start of the line, and erases it. */
const ERASE = '\r\u001b[2K';

/** The lines that a user sees in the end: without what was erased. */
export function visibleLines(screen: string): string[] {
  return screen.split('\n').map((line) => line.slice(line.lastIndexOf(ERASE) + 1).replace(ERASE.slice(1), ''));
}

export interface Terminal {
  /** Everything on the screen so far, with plain newlines. */
  readonly screen: string;
  /** Waits until the screen matches. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  type(text: string): void;
  /** Waits for the end of the program; resolves with its exit status. */
  exit(): Promise<number | null>;
  /** Ends the program, and removes its home. */
  close(): Promise<void>;
}

export function startTerminal(args: string[], options: { env?: Record<string, string>; home?: string } = {}): Terminal {
  const home = options.home ?? privateHome();
  const words = [...PROGRAM, ...args];
  const command = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const inTerminal =
    process.platform === 'linux' ? ['-qec', `exec ${command}`, '/dev/null'] : ['-q', '/dev/null', ...words];
  const child = spawn('script', inTerminal, {
    env: { ...proxyEnvironment(home), TERM: 'xterm-256color', SHELL: '/bin/sh', ...options.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  const changes = new Changes();
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text.replaceAll('\r\n', '\n');
    changes.changed();
  });
  let status: { readonly code: number | null } | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      status = { code };
      changes.end('the program ended');
      resolve();
    });
  });
  const report = (what: string) => (reason: string) => `${reason} without ${what}; the screen shows:\n${screen}`;

  return {
    get screen() {
      return screen;
    },
    shows: (pattern) => changes.until(() => pattern.exec(screen) ?? undefined, report(String(pattern))),
    type: (text) => void child.stdin.write(text),
    exit: async () => (await changes.until(() => status, report('an end'))).code,
    async close() {
      // The end of the terminal is a hangup for the program in it.
      child.kill('SIGTERM');
      await ended;
      if (options.home === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
}

// Starts the built program in a pseudo-terminal, as a user does: `script` of util-linux or of macOS makes one, so that no
// native package is needed. Windows has none: there, tests that need one are left out by `hasTerminal`.
//
//   const terminal = startTerminal(['login', server.url], { env });
//   await terminal.shows(/sign in/);
//   terminal.type('\u0003');
//   expect(await terminal.exit()).toBe(130);
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { PROGRAM, privateHome, proxyEnvironment } from './proxy.ts';
import { WAIT_MS } from './rpc.ts';

export const hasTerminal = process.platform !== 'win32';

export const [CTRL_C, CTRL_D] = ['\u0003', '\u0004'];

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
  const watchers = new Set<() => void>();
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text.replaceAll('\r\n', '\n');
    for (const look of watchers) look();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));

  const within = <T>(promise: Promise<T>, what: string): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`waited for ${what}; the screen shows:\n${screen}`)), WAIT_MS);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  };

  return {
    get screen() {
      return screen;
    },
    shows(pattern) {
      let look = (): void => {};
      const found = new Promise<RegExpExecArray>((resolve, reject) => {
        look = () => {
          const match = pattern.exec(screen);
          if (match) resolve(match);
        };
        void ended.then(() => reject(new Error(`ended without ${pattern}; the screen shows:\n${screen}`)));
        watchers.add(look);
        look();
      });
      return within(found, String(pattern)).finally(() => watchers.delete(look));
    },
    type: (text) => void child.stdin.write(text),
    exit: () => within(ended, 'the end of the program'),
    async close() {
      // The end of the terminal is a hangup for the program in it.
      child.kill('SIGTERM');
      await ended;
      if (options.home === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
}

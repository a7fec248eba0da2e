// A server program of Debian in a folder of its own, which ends with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';

export interface Daemon {
  readonly child: ChildProcess;
  /** Everything on stderr so far, and on stdout, where some programs log. */
  readonly stderr: string;
  /** Resolves with the reason when the program ends, or when it could not be started. */
  readonly gone: Promise<string>;
  /** Kills it, and removes its folder. */
  close(): Promise<void>;
}

/** `said` is called with each piece of what it logs. */
export function startDaemon(program: string, args: string[], folder: string, said = (): void => {}): Daemon {
  // In sbin on Debian, which is not in every user's PATH.
  const PATH = [process.env.PATH, '/usr/local/sbin', '/usr/sbin'].join(path.delimiter);
  const child = spawn(program, args, { env: { PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      said();
    });
  }
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(`exit code ${code}`));
  });
  return {
    child,
    get stderr() {
      return stderr;
    },
    gone,
    async close() {
      process.off('exit', kill);
      kill();
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

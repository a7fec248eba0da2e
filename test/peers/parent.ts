// The program under a parent that can be killed, while a sibling that does nothing holds its stdin open: only the death
// of the parent can end it.
import { spawn } from 'node:child_process';
import { WAIT_MS } from './listen.ts';
import { PROGRAM, proxyEnvironment } from './proxy.ts';

const PARENT = `
  const { spawn } = require('node:child_process');
  const [words, ...lines] = process.argv.slice(1);
  const [file, ...args] = JSON.parse(words);
  const program = spawn(file, args, { stdio: ['pipe', 'inherit', 'ignore'] });
  const idle = ['-e', 'setInterval(() => {}, 60_000)'];
  const holder = spawn(process.execPath, idle, { stdio: ['ignore', 'ignore', 'ignore', program.stdin] });
  for (const line of lines) program.stdin.write(line + '\\n');
  process.send([program.pid, holder.pid]);`;

export interface Parent {
  /** Kills the parent; resolves when the program has closed its output. */
  kill(): Promise<void>;
  /** Ends everything that was started here. */
  close(): Promise<void>;
}

export interface ParentOptions {
  /** What the program reads first. */
  readonly lines: readonly string[];
  readonly home: string;
  readonly env?: Record<string, string>;
}

/** @param target the URL of the server, or the arguments that lead to it */
export async function startUnderParent(
  target: string | readonly string[],
  { lines, home, env }: ParentOptions,
): Promise<Parent> {
  const words = JSON.stringify([...PROGRAM, ...[target].flat()]);
  const parent = spawn(process.execPath, ['-e', PARENT, words, ...lines], {
    env: { ...proxyEnvironment(home), ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const pids = await new Promise<number[]>((resolve) => parent.once('message', (sent) => resolve(sent as number[])));
  const outputClosed = new Promise<void>((resolve) => parent.stdout?.once('end', resolve));
  parent.stdout?.resume();
  return {
    async kill() {
      let limit: NodeJS.Timeout | undefined;
      const giveUp = new Promise<never>((_, reject) => {
        limit = setTimeout(() => reject(new Error('the program has outlived its parent')), WAIT_MS);
      });
      parent.kill('SIGKILL');
      await Promise.race([outputClosed, giveUp]).finally(() => clearTimeout(limit));
    },
    async close() {
      parent.kill('SIGKILL');
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It is gone, as the program should be.
        }
      }
    },
  };
}

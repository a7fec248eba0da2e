/** Starts programs: without a shell, with pipes, and each in a process group of its own. */
import { type ChildProcessWithoutNullStreams, type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';
import { readIntoOneBuffer } from '../one-buffer.ts';

export interface Program {
  /** A name to look for in `PATH`, or a path. */
  readonly command: string;
  readonly args: readonly string[];
  /** Undefined: the working directory of this process. */
  readonly cwd: string | undefined;
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Spawn = (
  command: string,
  args: readonly string[],
  options: SpawnOptionsWithoutStdio,
) => ChildProcessWithoutNullStreams;

/** Starts a program. Rejects with the error of the system, whose `code` says why. */
export async function startProgram(program: Program): Promise<ChildProcessWithoutNullStreams> {
  const started = (await spawner())(program.command, program.args, {
    ...(program.cwd !== undefined && { cwd: program.cwd }),
    env: program.env,
    // A group of its own lets us end what the program starts in turn. On Windows this would open a window.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  // At once, because it must not have been read. What could not be started writes nothing.
  if (started.pid !== undefined) started.stdout = readIntoOneBuffer(started.stdout);
  return new Promise((resolve, reject) => {
    started.once('error', reject);
    started.once('spawn', () => {
      started.off('error', reject);
      // A signal that cannot be sent: the end of the process is reported all the same.
      started.on('error', () => {});
      resolve(started);
    });
  });
}

/** Windows does not start `npx.cmd` and the like by itself, and quotes differently for them. */
async function spawner(): Promise<Spawn> {
  if (process.platform !== 'win32') return spawn as Spawn;
  return (await import('cross-spawn')).default as Spawn;
}

/** Which process a pid means: pids are used again, and every container and machine has its own. */
import { execFile } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { codeOf } from '../files.ts';

const PID_NAMESPACE = '/proc/self/ns/pid';
/** How long a program that looks at a process may take, in milliseconds. */
const LOOK_LIMIT = 10_000;

/** Whether this machine has a process with this pid. It may belong to another user, or have ended but still be listed. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

export interface ProcessState {
  /** When it started, in a form that no other process with the same pid shares. */
  readonly started: string;
  /** It has ended, but its parent has not asked how. */
  readonly ended: boolean;
}

/** The state of a process on Linux (proc_pid_stat(5)); undefined elsewhere, and when there is no such process. */
export function processState(pid: number): ProcessState | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The process name before it may contain anything, even parentheses.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = rest[18];
    if (state === undefined || ticks === undefined) return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return { started: `${boot} ${ticks}`, ended: 'ZXx'.includes(state) };
  } catch {
    return undefined;
  }
}

/** A command that prints when a process started. */
export interface Look {
  readonly file: string;
  readonly args: readonly string[];
}

/** How to ask for the start of a process on a system without `/proc`. Pure. */
export function startLook(platform: string, pid: number, systemRoot = 'C:\\Windows'): Look {
  if (platform !== 'win32') return { file: '/bin/ps', args: ['-o', 'lstart=', '-p', String(pid)] };
  return {
    file: `${systemRoot}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`,
    args: ['-NoProfile', '-NonInteractive', '-Command', `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`],
  };
}

/**
 * When the process with this pid started, in a form that no other process with the same pid shares. Undefined when it
 * has ended, or when the system does not say. Never rejects.
 */
export function startOf(pid: number): Promise<string | undefined> {
  const state = processState(pid);
  if (state !== undefined) return Promise.resolve(state.ended ? undefined : state.started);
  if (process.platform === 'linux') return Promise.resolve(undefined);
  const { file, args } = startLook(process.platform, pid, process.env.SystemRoot);
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  return new Promise((resolve) => {
    execFile(file, args, { env, timeout: LOOK_LIMIT, windowsHide: true }, (error, stdout) =>
      resolve(error ? undefined : stdout.trim() || undefined),
    );
  });
}

/** The machine and the container in which pids name the processes that this process sees. */
export function thisPlace(): string {
  return [
    hostname(),
    textOf(() => readFileSync('/etc/machine-id', 'latin1')),
    textOf(() => readlinkSync(PID_NAMESPACE)),
  ]
    .map((part) => part.trim())
    .join(' ');
}

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

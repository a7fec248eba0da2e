/** Which process a pid means: pids are used again, and every container and machine has its own. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
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
  const stat = readStat(pid);
  const boot = stat && bootId();
  return stat && boot ? { started: `${boot} ${stat.ticks}`, ended: stat.ended } : undefined;
}

interface Stat {
  readonly ended: boolean;
  readonly group: number;
  readonly session: number;
  /** Clock ticks from the start of the machine to that of the process. */
  readonly ticks: string;
}

function readStat(pid: number): Stat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The process name before it may contain anything, even parentheses.
    const [state, , group, session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = rest[15];
    if (state === undefined || ticks === undefined) return undefined;
    return { ended: 'ZXx'.includes(state), group: Number(group), session: Number(session), ticks };
  } catch {
    return undefined;
  }
}

function bootId(): string | undefined {
  return textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')).trim() || undefined;
}

/**
 * Whether members of the process group and session `leader` are left on Linux, none of them older than the process that
 * led them. False when the pid of the leader belongs to another process by now, and where `/proc` does not say.
 * @param started what `processState` said of the leader
 */
export function hasLeftMembers(leader: number, started: string): boolean {
  const [boot, first = ''] = started.split(' ');
  const present = readStat(leader);
  if (present && present.ticks !== first) return false;
  const members = pids()
    .map(readStat)
    .filter((stat) => stat?.group === leader && !stat.ended);
  const isLater = (ticks: string): boolean => Number(ticks) >= Number(first);
  return (
    members.length > 0 &&
    bootId() === boot &&
    // The child has led a session of its own: what shares both numbers with it was started by it, or after its end.
    members.every((stat) => stat?.session === leader && isLater(stat.ticks))
  );
}

function pids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
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

/** A process together with everything that it started: on POSIX its process group, on Windows the tree below it. */
import { execFile } from 'node:child_process';
import { codeOf } from '../files.ts';

export type EndSignal = 'SIGTERM' | 'SIGKILL';

/** How to signal a tree. */
export type TreeSignal =
  | { readonly kind: 'group'; readonly pid: number; readonly signal: EndSignal }
  | { readonly kind: 'command'; readonly file: string; readonly args: readonly string[] }
  /** There is no gentle signal for programs without a window. */
  | { readonly kind: 'none' };

/**
 * How to signal a process and everything below it, on a platform of Node. Pure.
 * @param pid of the process, which on POSIX leads a group of its own
 * @param systemRoot the folder of Windows
 */
export function treeSignal(
  platform: string,
  pid: number,
  signal: EndSignal,
  systemRoot: string | undefined = 'C:\\Windows',
): TreeSignal {
  if (platform !== 'win32') return { kind: 'group', pid: -pid, signal };
  if (signal === 'SIGTERM') return { kind: 'none' };
  return { kind: 'command', file: `${systemRoot}\\System32\\taskkill.exe`, args: ['/PID', String(pid), '/T', '/F'] };
}

/** Signals a process that leads a tree. What has ended already is no error. */
export function signalTree(pid: number, signal: EndSignal): void {
  const how = treeSignal(process.platform, pid, signal, process.env.SystemRoot);
  if (how.kind === 'group') quietly(() => process.kill(how.pid, how.signal));
  else if (how.kind === 'command') execFile(how.file, how.args, { windowsHide: true }, () => {});
}

/** Whether a process of the group is left; always false on Windows, which has no groups. */
export function isTreeRunning(pid: number): boolean {
  if (process.platform === 'win32') return false;
  try {
    process.kill(-pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // It has ended.
  }
}

import { codeOf } from './files.ts';

/** Whether this machine has a process with this pid. It may belong to another user, or have ended but still be listed. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

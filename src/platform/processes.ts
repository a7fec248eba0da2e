import { codeOf } from './files.ts';

/** Whether a process of this number exists here; it may be another user's, or one that has ended but is still listed. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

// The ways in which the program is ended, and how long its end may take.
import { spawn } from 'node:child_process';
import type { ProxyExit, ProxyProcess } from './proxy.ts';

/** What the contract calls 2 seconds and 8 seconds, in milliseconds as `lasting` measures them. */
export const SOON = 2_000;
export const DRAINED = 8_000;

/** An end takes several turns of two processes; none of them costs more than the start and end of a bare Node. */
const TURNS = 10;

export const ENDINGS: readonly [string, (proxy: ProxyProcess) => void][] = [
  ['the end of stdin', (proxy) => void proxy.stdin.end()],
  ['SIGTERM', (proxy) => proxy.kill('SIGTERM')],
  ['SIGINT', (proxy) => proxy.kill('SIGINT')],
  ['SIGHUP', (proxy) => proxy.kill('SIGHUP')],
];

/** Ends the program and waits until it has ended; `ms` is how long that took, see `lasting`. */
export async function exitAfter(proxy: ProxyProcess, end: () => void): Promise<ProxyExit & { ms: number }> {
  let exit: ProxyExit = { code: null, signal: null };
  const ms = await lasting(async () => {
    end();
    exit = await proxy.exit();
  });
  return { ...exit, ms };
}

/**
 * How long the work took in milliseconds, less the delay of a busy machine: a bare Node that starts and ends meanwhile
 * measures that. What remains is the time that the program waited.
 */
export async function lasting(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  const done = work().then(() => performance.now() - started);
  const bare = new Promise<number>((resolve, reject) => {
    const child = spawn(process.execPath, ['--eval', ''], { stdio: 'ignore', windowsHide: true });
    child.once('error', reject);
    child.once('exit', () => resolve(performance.now() - started));
  });
  const [ms, start] = await Promise.all([done, bare]);
  return ms - TURNS * start;
}

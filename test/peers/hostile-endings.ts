// The ways in which the program is ended, and how long that may take.
import type { ProxyExit, ProxyProcess } from './proxy.ts';

/** What the contract calls 2 seconds and 8 seconds, with slack for a busy machine: in milliseconds. */
export const SOON = 4_000;
export const DRAINED = 12_000;

export const ENDINGS: readonly [string, (proxy: ProxyProcess) => void][] = [
  ['the end of stdin', (proxy) => void proxy.stdin.end()],
  ['SIGTERM', (proxy) => proxy.kill('SIGTERM')],
  ['SIGINT', (proxy) => proxy.kill('SIGINT')],
  ['SIGHUP', (proxy) => proxy.kill('SIGHUP')],
];

/** Ends the program and waits until it is gone; `ms` tells how long that took. */
export async function exitAfter(proxy: ProxyProcess, end: () => void): Promise<ProxyExit & { ms: number }> {
  const started = performance.now();
  end();
  return { ...(await proxy.exit()), ms: performance.now() - started };
}

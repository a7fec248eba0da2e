// How much memory the program under test really holds: it measures itself, after a garbage collection.
import { fileURLToPath } from 'node:url';
import type { ProxyProcess } from '../../peers/proxy.ts';

/** Arguments of node that make the program answer. */
export const PROBE_ARGS = ['--expose-gc', '--require', fileURLToPath(new URL('./memory-probe.cjs', import.meta.url))];

export interface Memory {
  /** The used heap and the memory outside that belongs to it, in MiB. */
  readonly held: number;
  /** Resident, in MiB, for information. */
  readonly rss: number;
}

const asked = new WeakMap<ProxyProcess, number>();

/** Undefined where there is no such signal. */
export async function memoryOf(proxy: ProxyProcess): Promise<Memory | undefined> {
  if (process.platform === 'win32') return undefined;
  const number = (asked.get(proxy) ?? 0) + 1;
  asked.set(proxy, number);
  proxy.kill('SIGUSR2');
  const [, text = ''] = await proxy.stderrMatching(new RegExp(`^memory ${number} (.*)$`, 'm'));
  const { held, rss } = JSON.parse(text) as Memory;
  return { held: held / 1_048_576, rss: rss / 1_048_576 };
}

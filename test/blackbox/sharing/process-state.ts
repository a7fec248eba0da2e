// What a process holds, as the system sees it. Linux only: elsewhere nothing is known.
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessState {
  readonly descriptors: number;
  /** Resident memory in MiB. */
  readonly memory: number;
  readonly children: number;
}

export function stateOf(pid: number): ProcessState | undefined {
  if (process.platform !== 'linux') return undefined;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    memory: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024,
    children: readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).length,
  };
}

/** Looks repeatedly until the state is right; returns the last one, right or not. */
export async function stateWhen(
  pid: number,
  isRight: (state: ProcessState) => boolean,
  waitMs: number,
): Promise<ProcessState | undefined> {
  const until = performance.now() + waitMs;
  for (;;) {
    const state = stateOf(pid);
    if (!state || isRight(state) || performance.now() > until) return state;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

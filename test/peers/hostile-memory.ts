// How much memory a process has needed, on systems that report it (Linux).
import { readFileSync } from 'node:fs';

/** The peak of the resident memory so far, in bytes; undefined where the system does not report it. */
export function peakMemory(pid: number): number | undefined {
  return field(pid, 'VmHWM');
}

/** The resident memory now, in bytes; undefined where the system does not report it. */
export function residentMemory(pid: number): number | undefined {
  return field(pid, 'VmRSS');
}

function field(pid: number, name: string): number | undefined {
  try {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found ? Number(found[1]) * 1024 : undefined;
  } catch {
    return undefined;
  }
}

// What the operating system says about a process. Only Linux tells this without
// help from the process itself; elsewhere the answer is undefined, shown as n/a.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const linux = process.platform === 'linux';
let ticks;

function ticksPerSecond() {
  try {
    ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  } catch {
    ticks = 100;
  }
  return ticks;
}

/** User and system time so far, in microseconds. */
export function cpuMicros(pid) {
  if (!linux) return undefined;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command name, in parentheses, may itself hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond()) * 1e6;
}

/** Resident memory now and at its highest, in bytes. */
export function memory(pid) {
  if (!linux) return { rss: undefined, peak: undefined };
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  return { rss: bytes('VmRSS'), peak: bytes('VmHWM') };
}

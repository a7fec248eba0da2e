// Child processes that end with this one, together with whatever they have started themselves.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

const running = new Set<ChildProcessWithoutNullStreams>();
const hasGroups = process.platform !== 'win32';

export interface SpawnOwned {
  env: NodeJS.ProcessEnv;
  cwd?: string | undefined;
}

export function spawnOwned([file = '', ...args]: string[], options: SpawnOwned): ChildProcessWithoutNullStreams {
  const child = spawn(file, args, { ...options, stdio: 'pipe', detached: hasGroups, windowsHide: true });
  running.add(child);
  child.once('close', () => running.delete(child));
  // Its end is reported by 'close'.
  child.stdin.on('error', () => {});
  return child;
}

export function end(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined || !running.has(child)) return;
  try {
    process.kill(hasGroups ? -child.pid : child.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

process.once('exit', () => {
  for (const child of running) end(child);
});

// Processes that share a folder: each runs lock-child.mjs over a bundle of the sources, which Node itself cannot load.
//
//   const child = await startChild(path.join(folder, 'a.lock'));
//   expect(await child.ask('try')).toBe('won');
//
// In a test file: afterEach(killChildren).
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

export interface Child {
  readonly pid: number;
  /** Sends a line and gives the one that answers it. */
  ask(order: string): Promise<string>;
  /** Resolves when the process is gone, and not even a zombie is left. */
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

const children = new Set<Child>();
const folders: string[] = [];
let bundle: Promise<string> | undefined;

export async function startChild(target: string): Promise<Child> {
  bundle ??= bundled();
  const program = fileURLToPath(new URL('lock-child.mjs', import.meta.url));
  const running = spawn(process.execPath, [program, await bundle, target], { stdio: ['pipe', 'pipe', 'inherit'] });
  const child = conversation(running);
  children.add(child);
  if ((await child.ask('')) !== 'ready') throw new Error('the child process did not start');
  return child;
}

/** Also removes what `temporaryFolder` made. */
export async function killChildren(): Promise<void> {
  await Promise.all([...children].map((child) => child.kill()));
  bundle = undefined;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A new empty folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-auth-'));
  folders.push(folder);
  return folder;
}

function conversation(running: ChildProcess): Child {
  const { stdin, stdout, pid } = running;
  if (stdin === null || stdout === null || pid === undefined) throw new Error('the child process could not be started');
  stdin.on('error', () => {});
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  const said: string[] = [];
  let gone = false;
  createInterface({ input: stdout }).on('line', (line) => {
    const next = waiting.shift();
    if (next) next.resolve(line);
    else said.push(line);
  });
  const closed = once(running, 'close').then(() => {
    gone = true;
    for (const { reject } of waiting.splice(0)) reject(new Error('the child process ended'));
  });
  const child: Child = {
    pid,
    ask: (order) =>
      new Promise((resolve, reject) => {
        if (gone) return reject(new Error('the child process ended'));
        // The first line comes by itself.
        if (order !== '') stdin.write(`${order}\n`);
        const line = said.shift();
        if (line === undefined) waiting.push({ resolve, reject });
        else resolve(line);
      }),
    async kill() {
      children.delete(child);
      // Killing works on a stopped process as well.
      running.kill('SIGKILL');
      await closed;
    },
    signal: (signal) => void running.kill(signal),
  };
  return child;
}

async function bundled(): Promise<string> {
  const folder = temporaryFolder();
  // A child that became another user reads it too.
  chmodSync(folder, 0o755);
  const file = path.join(folder, 'auth.mjs');
  await build({
    input: fileURLToPath(new URL('lock-sources.ts', import.meta.url)),
    platform: 'node',
    output: { file, format: 'esm', codeSplitting: false },
  });
  return file;
}

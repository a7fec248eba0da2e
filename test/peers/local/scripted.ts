// Local servers that misbehave, and the processes that are left of them.
//
//   const server = scripted({ dies: 'initialize' });
//   const proxy = startProxy(undefined, ['--', ...server.command]);
//   expect(await server.started(1)).toHaveLength(1);
//   await server.allGone();
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WAIT_MS } from '../listen.ts';

const PROGRAM = fileURLToPath(new URL('scripted-child.mjs', import.meta.url));

/** What scripted-child.mjs says about its arguments. */
export type Script = Readonly<
  Partial<
    Record<
      | 'announces'
      | 'banner'
      | 'closes'
      | 'dies'
      | 'era'
      | 'floods'
      | 'leaves'
      | 'refuses'
      | 'roams'
      | 'silent'
      | 'stays'
      | 'tells',
      string | number
    >
  >
>;

export interface Scripted {
  /** What goes after `--`. */
  readonly command: string[];
  /** The pids of all processes so far, in the order of their start. */
  pids(): number[];
  /** Waits until so many processes have started. */
  started(count: number): Promise<number[]>;
  /** Waits until no process of it runs. */
  allGone(): Promise<void>;
  /** How many of its processes run. */
  running(): number;
  /** From the next start on, it has these tools. */
  lists(names: readonly string[]): void;
  /** How often it still ends in the phase of `dies`; without a call of this: every time. */
  deaths(count: number): void;
  /** Waits until nobody has read its stdout for a while; how many messages it has written by then. */
  stalled(): Promise<number>;
  /** Lets it read its stdin again. */
  listen(): void;
  close(): Promise<void>;
}

export function scripted(script: Script = {}): Scripted {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-local-'));
  const [roll, lists, deaths] = ['roll', 'lists', 'deaths'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(lists, 'echo\n');
  const words = Object.entries(script).map(([name, value]) => `${name}=${value}`);
  const [stalled, listens] = ['stalled', 'listens'].map((name) => path.join(folder, name)) as [string, string];
  const files = [`roll=${roll}`, `lists=${lists}`, `stalled=${stalled}`, `listens=${listens}`];
  const command = [process.execPath, PROGRAM, ...files, ...words];
  const pids = (): number[] =>
    existsSync(roll) ? readFileSync(roll, 'utf8').split('\n').filter(Boolean).map(Number) : [];
  const server: Scripted = {
    command,
    pids,
    async started(count) {
      await until(() => pids().length >= count, `${count} processes of the server`);
      return pids();
    },
    allGone: () => until(() => !pids().some(isAlive), 'the end of all processes of the server'),
    running: () => pids().filter(isAlive).length,
    lists: (names) => writeFileSync(lists, `${names.join('\n')}\n`),
    deaths(count) {
      writeFileSync(deaths, 'death\n'.repeat(count));
      if (!command.includes(`deaths=${deaths}`)) command.push(`deaths=${deaths}`);
    },
    async stalled() {
      await until(() => existsSync(stalled), 'a server whose stdout nobody reads');
      return Number(readFileSync(stalled, 'utf8'));
    },
    listen: () => writeFileSync(listens, ''),
    async close() {
      for (const pid of pids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return server;
}

/** Whether a process runs: one that has ended and waits for its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !'ZX'.includes(stat.slice(stat.lastIndexOf(')') + 2)[0] as string);
  } catch {
    return false;
  }
}

/** Looks again and again; fails when it does not become true. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited ${WAIT_MS} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

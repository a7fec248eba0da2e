// The local servers of the matrix.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAlive, until } from '../peers/local/scripted.ts';
import { type Cell, eraOf } from './cells.ts';
import { LARGEST } from './faults.ts';
import type { CellServer } from './run.ts';

const PROGRAM = fileURLToPath(new URL('local-server.mjs', import.meta.url));

export async function startLocal({ upstream, phase, fault }: Cell, timeout: number): Promise<CellServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-faults-'));
  const file = (name: string): string => path.join(folder, name);
  const lines = (name: string): string[] =>
    existsSync(file(name)) ? readFileSync(file(name), 'utf8').split('\n').filter(Boolean) : [];
  return {
    config: {
      kind: 'stdio',
      name: 'faulty',
      command: process.execPath,
      args: [PROGRAM, folder, phase, fault, eraOf(upstream), String(LARGEST)],
      cwd: undefined,
      env: [],
      cleanEnv: true,
      withheld: [],
      ignoreTools: [],
      timeout,
      maxMessage: LARGEST,
    },
    get runs() {
      const counts = new Map<string, number>();
      for (const text of lines('runs')) counts.set(text, (counts.get(text) ?? 0) + 1);
      return counts;
    },
    arm: () => writeFileSync(file('armed'), ''),
    lift: () => rmSync(file('armed'), { force: true }),
    left: () => until(() => !lines('pids').some((pid) => isAlive(Number(pid))), 'the end of all processes'),
    async close() {
      for (const pid of lines('pids')) if (isAlive(Number(pid))) process.kill(Number(pid), 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

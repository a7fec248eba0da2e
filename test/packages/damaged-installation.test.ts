// A program whose files are missing or damaged, most likely because it was updated while it ran, says so.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { capture, root } from '../../scripts/run.mjs';

const ADVICE = '(start it again; if that does not help, install it again)';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-package-'));
  for (const part of ['bin', 'dist']) cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const chunks = (): string => path.join(folder, 'dist', 'chunks');

function run(...args: string[]): Promise<{ code: number; output: string }> {
  return capture([process.execPath, path.join(folder, 'bin', 'mcp-proxy.js'), ...args]);
}

it.each([
  ['missing', (file: string) => rmSync(file)],
  ['damaged', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 100))],
])('when a compressed file is %s, the error says which one, and what to do', async (_, spoil) => {
  const packed = readdirSync(chunks()).find((file) => /^doctor-.*\.br$/.test(file)) as string;
  spoil(path.join(chunks(), packed));
  const { code, output } = await run('doctor', 'http://127.0.0.1:9/mcp');
  expect(code).toBe(1);
  expect(output).toContain('a file of mcp-proxy is missing or damaged');
  expect(output).toContain(packed);
  expect(output).toContain(ADVICE);
  expect(output).not.toContain('report');
});

it.each([
  ['help', ['--help']],
  ['a subcommand', ['status']],
  ['HTTP mode', ['http://127.0.0.1:9/mcp', '--listen', '127.0.0.1:0']],
  ['a local server', ['--', 'cat']],
])('when all files loaded on demand are missing, %s ends with one line', async (_, args) => {
  rmSync(chunks(), { recursive: true });
  const { code, output } = await run(...args);
  expect(code).toBe(1);
  expect(output.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^mcp-proxy: a file of mcp-proxy is missing or damaged: '.*args-.*'/),
  ]);
});

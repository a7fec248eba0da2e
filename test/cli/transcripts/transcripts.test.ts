// The command line as people see it. Each .txt file here is a transcript: a command after "$ ", then what it writes
// (lines of stderr after "! "), then its exit status. "# " begins a remark.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROGRAM, privateHome, proxyEnvironment } from '../../peers/proxy.ts';
import { words } from './words.ts';

const FOLDER = path.dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(readFileSync(path.join(FOLDER, '..', '..', '..', 'package.json'), 'utf8')) as {
  version: string;
};

interface Entry {
  command: string;
  /** What follows the command in the file. */
  written: string;
}

function entriesOf(text: string): Entry[] {
  const lines = text.split(/\r?\n/).filter((line) => !line.startsWith('# '));
  const blocks = `\n${lines.join('\n')}`.split('\n$ ').slice(1);
  return blocks.map((block) => {
    const [command = '', ...written] = block.trimEnd().split('\n');
    return { command, written: written.join('\n').replaceAll('<version>', version) };
  });
}

async function run(command: string, home: string): Promise<string> {
  const { env, args } = words(command);
  const [file, ...script] = PROGRAM;
  const child = spawn(file, [...script, ...args], {
    env: { ...proxyEnvironment(home), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  const status = await new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  const marked = output.stderr.replace(/^(?!$)/gm, '! ');
  return `${output.stdout}${marked}[exit ${status}]`;
}

let home: string;
beforeEach(() => {
  home = privateHome();
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe.each(readdirSync(FOLDER).filter((name) => name.endsWith('.txt')))('%s', (file) => {
  const entries = entriesOf(readFileSync(path.join(FOLDER, file), 'utf8'));
  it('is a transcript', () => expect(entries.length).toBeGreaterThan(0));
  it.each(entries)('$ $command', async ({ command, written }) => {
    expect(await run(command, home)).toBe(written);
  });
});

// The demo that a reader of the README starts: it must work, and show what it says.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { privateHome, proxyEnvironment } from '../peers/proxy.ts';

const DEMO = fileURLToPath(new URL('../../examples/demo.mjs', import.meta.url));

test('the demo succeeds, and shows each of its steps in order', async () => {
  const home = privateHome();
  const child = spawn(process.execPath, [DEMO], {
    env: proxyEnvironment(home),
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  rmSync(home, { recursive: true, force: true });
  expect(code, output).toBe(0);
  const headings = [
    'Connect',
    'List the tools',
    'Call a tool',
    'Call a tool with progress',
    'Close',
    'How long each step took',
    "What to put into a host's config",
  ];
  expect(output.split(/\r?\n/).filter((line) => headings.includes(line))).toEqual(headings);
});

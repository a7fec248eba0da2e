// The demo that a reader of the README starts: it must work, and show what it says.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { privateHome, proxyEnvironment } from '../peers/proxy.ts';

const DEMOS = [
  [
    'demo.mjs',
    [
      'Connect',
      'List the tools',
      'Call a tool',
      'Call a tool with progress',
      'Close',
      'How long each step took',
      "What to put into a host's config",
    ],
  ],
  [
    'oauth-demo.mjs',
    [
      'Connect: the host is answered at once, and the sign-in begins',
      'The user opens the page, and agrees',
      'Call a tool',
      'Start again: nobody is asked a second time',
      'mcp-proxy status',
      'mcp-proxy logout',
    ],
  ],
] as const;

test.each(DEMOS)('%s succeeds, and shows each of its steps in order', async (name, headings) => {
  const home = privateHome();
  const demo = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const child = spawn(process.execPath, [demo], {
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
  expect(output.split(/\r?\n/).filter((line) => (headings as readonly string[]).includes(line))).toEqual(headings);
});

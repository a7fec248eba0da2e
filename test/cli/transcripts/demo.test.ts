// The demo of the README must work, and show what the README says.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { privateHome, proxyEnvironment } from '../../peers/proxy.ts';

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

interface Ran {
  readonly code: unknown;
  readonly output: string;
}

/** Runs a script of this repository to its end. */
async function run(script: string, ...words: string[]): Promise<Ran> {
  const home = privateHome();
  const file = fileURLToPath(new URL(`../../../${script}`, import.meta.url));
  const child = spawn(process.execPath, [file, ...words], {
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
  return { code, output };
}

it.each(DEMOS)('%s succeeds, and shows each of its steps in order', async (name, headings) => {
  const { code, output } = await run(`examples/${name}`);
  expect(code, output).toBe(0);
  expect(output.split(/\r?\n/).filter((line) => (headings as readonly string[]).includes(line))).toEqual(headings);
});

it.each([[['--demo', 'oauth']], [['--demo=oauth']]])('npm start -- %j is the demo of a sign-in', async (words) => {
  const { code, output } = await run('scripts/start.mjs', ...words);
  expect(code, output).toBe(0);
  expect(output).toContain('The user opens the page, and agrees');
});

it.each([[['--demo', 'auth']], [['--demo=auth']]])('npm start -- %j is not a demo', async (words) => {
  const { code, output } = await run('scripts/start.mjs', ...words);
  expect([code, output]).toEqual([2, 'there is no demo "auth"\nhint: npm start -- --demo oauth\n']);
});

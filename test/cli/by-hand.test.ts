// The program as a user starts it in a terminal, without a host.
import { expect, it } from 'vitest';
import { opened } from '../peers/opened.ts';
import { startProxy } from '../peers/proxy.ts';
import { CTRL_C, CTRL_D, hasTerminal, startTerminal } from '../peers/terminal.ts';

const open = opened();
const URL_OF_A_SERVER = 'http://127.0.0.1:9/mcp';
const GREETING = 'Waiting for an MCP client. Hosts start this program (see --help). Ctrl-C quits.';

it.runIf(hasTerminal).each([
  ['Ctrl-C', CTRL_C],
  ['Ctrl-D', CTRL_D],
])('the program says once what it waits for, and ends with %s', async (_, key) => {
  const terminal = await open(startTerminal([URL_OF_A_SERVER]));
  await terminal.shows(/Ctrl-C/);
  terminal.type(key);
  expect(await terminal.exit()).toBe(0);
  expect(terminal.screen.replaceAll(/\^[CD][\b]*/g, '').trim()).toBe(GREETING);
  expect(GREETING.length).toBeLessThanOrEqual(80);
});

it.runIf(hasTerminal)('the program says it in JSON with --log-format json', async () => {
  const terminal = await open(startTerminal([URL_OF_A_SERVER, '--log-format', 'json']));
  const [line] = await terminal.shows(/\{.*\}/);
  expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: GREETING });
  terminal.type(CTRL_C);
  expect(await terminal.exit()).toBe(0);
});

it.runIf(hasTerminal)('the program does not wait after a mistake', async () => {
  const terminal = await open(startTerminal([URL_OF_A_SERVER, '--frobnicate']));
  expect(await terminal.exit()).toBe(2);
  expect(terminal.screen).toBe('mcp-proxy: unknown flag "--frobnicate"\nhint: mcp-proxy --help lists all flags\n');
});

it('the program says nothing about it to a host', async () => {
  const proxy = startProxy(URL_OF_A_SERVER);
  expect((await proxy.close()).code).toBe(0);
  expect(proxy.stderr).toBe('');
});

it('the help fits a terminal of 80 columns', async () => {
  const program = startProxy(undefined, ['--help']);
  expect((await program.close()).code).toBe(0);
  for (const line of program.lines) expect(line.length, line).toBeLessThanOrEqual(80);
});

it.runIf(hasTerminal)('the output has no colours, in a terminal either', async () => {
  const terminal = await open(startTerminal(['status'], { env: { FORCE_COLOR: '1' } }));
  expect(await terminal.exit()).toBe(0);
  expect(terminal.screen).toBe('not signed in anywhere\n');
});

// Completion, in the shells themselves where they are installed.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { completionScript } from '../../../src/cli/completion/completion.ts';
import { SHELLS, SUBCOMMANDS } from '../../../src/cli/flags/options.ts';
import { DESCRIBED as OPTIONS } from '../../../src/cli/help/described-options.ts';
import { run, sharedHome } from '../../blackbox/sign-in/command.ts';
import { opened } from '../../peers/opened.ts';
import { PROXY_BIN } from '../../peers/proxy.ts';
import { completeInBash, completeInFish, completeInZsh, folderWithFiles, hasShell, script } from './shells.ts';

const open = opened();
const COMMANDS = SUBCOMMANDS.map(({ name }) => name);
const NAMES = OPTIONS.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]);
const choicesOf = (flag: string): readonly string[] => OPTIONS.find(({ name }) => name === flag)?.choices ?? [];

describe.each(SHELLS)('the script for %s', (shell) => {
  const text = completionScript(shell);

  it('is what the program prints', () => expect(script(shell)).toBe(text));

  it('holds every flag, every command that is built, and every value that can be listed', () => {
    for (const { name, short, choices } of OPTIONS) {
      expect(text).toMatch(shell === 'fish' ? new RegExp(`-l ${name}\\b`) : new RegExp(`--${name}\\b`));
      if (short) expect(text).toMatch(shell === 'fish' ? new RegExp(` -s ${short} `) : new RegExp(`-${short}\\b`));
      for (const choice of choices ?? []) expect(text).toContain(choice);
    }
    for (const name of [...COMMANDS, ...SHELLS]) expect(text).toContain(name);
  });
});

it.each([[[]], [['tcsh']], [['bash', 'zsh']], [['bash', '--frobnicate']]])(
  'completion %j is refused',
  async (words) => {
    const { home } = await open(sharedHome());
    const { code, out, err } = await run('completion', words, { home });
    expect({ code, out }).toEqual({ code: 2, out: [] });
    expect(err).toMatch(/^mcp-proxy: [^\n]+\nhint: [^\n]+\n$/);
  },
);

it('no start loads the scripts', () => {
  expect(readFileSync(PROXY_BIN.replace(/bin.mcp-proxy\.js$/, 'dist/mcp-proxy.cjs'), 'utf8')).not.toContain(
    'COMPREPLY',
  );
});

/** The line, and the candidates for its last word. */
type Row = readonly [line: string, candidates: readonly string[]];
const LINES: readonly Row[] = [
  ['', COMMANDS],
  ['log', ['login', 'logout']],
  ['-l :80 log', ['login', 'logout']],
  ['--transport http-first sta', ['status']],
  ['--transport=http-first sta', ['status']],
  ['--quiet sta', ['status']],
  ['https://server.example:8443/mcp log', []],
  ['completion ', SHELLS],
  ['completion z', ['zsh']],
  ['completion bash z', []],
  ['login z', []],
  ['--transport ', choicesOf('transport')],
  ['login https://server.example/mcp --transport sse', ['sse-first', 'sse-only']],
  ['--log-level wa', ['warn']],
  ['--credential-store ', choicesOf('credential-store')],
  ['--header ', []],
  ['-H ', []],
  ['--tls-', ['--tls-cert', '--tls-key']],
  ['https://server.example/mcp --log-l', ['--log-level']],
  ['--ca ca', ['ca.pem']],
  ['--client-token ', ['@']],
  ['--client-token @client.', ['@client.json']],
  ['--client-token c', []],
  ['install cursor --from co', ['codex']],
  ['uninstall vs', ['vscode']],
  ['uninstall cursor --', ['--print', '--project', '--yes']],
  ['install cursor --n', ['--name']],
  ['install cursor --l', ['--log-format', '--log-level']],
  ['--log-level warn install cursor --l', ['--log-format', '--log-level']],
  ['login --lis', ['--listen']],
  ['-- log', []],
  ['-- node --log-l', []],
];

describe.runIf(hasShell('bash'))('bash', () => {
  it.each<Row>([
    ...LINES,
    ['-', NAMES],
    ['--transport=', choicesOf('transport')],
    ['--transport=sse-o', ['sse-only']],
    ['--tls-cert=ca.', ['ca.pem']],
    ['--client-token=@client.', ['@client.json']],
    ['--static-oauth-client-info @client\\', []],
    ['--static-oauth-client-info @client', ['@client.json', '@client\\ two.json']],
    ['--static-oauth-client-info @cert', ['@certs/']],
    ['--ca cl', ['client two.json', 'client.json']],
    ['--header a:b: log', ['login', 'logout']],
  ])('%s', async (line, candidates) => {
    const { folder } = await open(folderWithFiles());
    expect(completeInBash(`mcp-proxy ${line}`, folder)).toEqual([...candidates].sort());
  });
});

describe.runIf(hasShell('fish'))('fish', () => {
  it.each<Row>([
    ...LINES.filter(([line]) => line !== '--client-token c'),
    ['--transport=sse-o', ['--transport=sse-only']],
    ['--client-token=@client.', ['--client-token=@client.json']],
    ['-- node ca', ['ca.pem']],
  ])('%s', async (line, candidates) => {
    const { folder } = await open(folderWithFiles());
    expect(completeInFish(`mcp-proxy ${line}`, folder)).toEqual([...candidates].sort());
  });
});

describe.runIf(hasShell('zsh') && process.platform === 'linux')('zsh', () => {
  it.each([
    ['sta', 'mcp-proxy status '],
    ['-l :80 sta', 'mcp-proxy -l :80 status '],
    ['completion po', 'mcp-proxy completion powershell '],
    ['--transport sse-o', '--transport sse-only '],
    ['--transport=sse-o', '--transport=sse-only '],
    ['https://server.example/mcp --log-level wa', '--log-level warn '],
    ['--disable-res', '--disable-resource-parameter '],
    ['-H a:b -H c:d --hea', '--header='],
    ['--ca ca', '--ca ca.pem '],
    ['--client-token @client.', '--client-token @client.json '],
    ['--client-token=@client.', '--client-token=@client.json '],
    ['install cursor --l', 'install cursor --log-'],
    ['--log-level warn install cursor --l', 'install cursor --log-'],
    ['uninstall cursor --prin', 'uninstall cursor --print '],
    ['login --lis', 'login --listen='],
    ['-- node ca', '-- node ca.pem '],
  ])('%s', async (line, expected) => {
    const { folder } = await open(folderWithFiles());
    await completeInZsh(line, expected, folder);
  });
});

it('PowerShell gets one literal of each flag, in quotes', () => {
  const text = completionScript('powershell');
  for (const { name, help, choices } of OPTIONS) {
    expect(text).toContain(`,@('--${name}', '${help.replaceAll("'", "''")}')`);
    if (choices) expect(text).toContain(`$values['--${name}'] = @(${choices.map((c) => `'${c}'`).join(', ')})`);
  }
  expect(text).toContain(`$values['--ca'] = 'file'`);
  expect(text).toContain(`$values['--client-token'] = 'at-file'`);
  expect(text).toContain(`$values['-H'] = 'text'`);
  expect(text).toContain(`'uninstall' = @('--project', '--yes', '--print')`);
  expect(text).toMatch(/'install' = @\((?!.*'--listen').*'--log-level'.*'--name'/);
  const code = text.replace(/^\s*#.*$/gm, '').replace(/'(?:[^']|'')*'|"[^"]*"/g, '');
  for (const [left, right] of ['()', '{}', '[]'])
    expect(code.split(left as string)).toHaveLength(code.split(right as string).length);
  expect(code).not.toMatch(/['"`]/);
});

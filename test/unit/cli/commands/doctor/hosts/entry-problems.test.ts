import { describe, expect, it } from 'vitest';
import { type MachineFacts, problemsOf } from '../../../../../../src/cli/commands/doctor/hosts/entry-problems.ts';
import { ownStart } from '../../../../../../src/cli/commands/doctor/hosts/own-arguments.ts';
import { readEntry } from '../../../../../../src/hosts/entries.ts';

const URL_TEXT = 'https://server.example/mcp';
const SCRIPT = '/opt/mcp-proxy/bin/mcp-proxy.js';

describe('the entries that start this program', () => {
  it.each([
    [['/usr/bin/node', SCRIPT, URL_TEXT], 'script', [URL_TEXT]],
    [['node', '--use-system-ca', 'C:\\mcp-proxy\\bin\\mcp-proxy.js', URL_TEXT, '-q'], 'script', [URL_TEXT, '-q']],
    [['node', 'bin/mcp-proxy.js', URL_TEXT], 'script', [URL_TEXT]],
    [['npx', '-y', '@mikluko/mcp-proxy@latest', URL_TEXT], 'launcher', [URL_TEXT]],
    [['npx', '@mikluko/mcp-proxy', '--', URL_TEXT], 'launcher', [URL_TEXT]],
    [['/usr/local/bin/mcp-proxy', URL_TEXT], 'name', [URL_TEXT]],
  ])('%j', (words, by, args) => expect(ownStart(words)).toMatchObject({ by, args }));

  it.each([
    [[]],
    [['npx', '-y', 'mcp-remote', URL_TEXT]],
    [['node', '/x/dist/bin/mcp-proxy.js', URL_TEXT]],
    [['npx', 'mcp-proxy', URL_TEXT]],
    [['cat', '@mikluko/mcp-proxy']],
  ])('are not %j', (words) => expect(ownStart(words)).toBeUndefined());
});

describe('what is wrong with an entry', () => {
  const MACHINE: MachineFacts = {
    exists: () => true,
    isAbsolute: (file) => file.startsWith('/'),
    folderOf: () => '/usr/bin',
    desktop: ['/usr/bin'],
    mistake: undefined,
    nodeVersion: undefined,
  };
  const CURSOR = { id: 'cursor', name: 'Cursor' };
  const wrong = (words: string[], machine: Partial<MachineFacts> = {}, host = CURSOR) => {
    const [command, ...args] = words;
    const found = readEntry({ command, args });
    const start = ownStart(found.words);
    if (!start) throw new Error('another program');
    return problemsOf(found, start, host, { ...MACHINE, ...machine }).map(({ mark, text }) => `${mark}: ${text}`);
  };
  const own = (command = '/usr/bin/node', script = SCRIPT): string[] => [command, script, URL_TEXT];

  it('nothing, when everything is there', () => expect(wrong(own())).toEqual([]));

  it.each<[string, string[], Partial<MachineFacts>, string[]]>([
    [
      'a missing command',
      own(),
      { exists: (file) => file === SCRIPT },
      ['fail: the command /usr/bin/node does not exist'],
    ],
    ['a missing script', own(), { exists: (file) => file !== SCRIPT }, [`fail: the file ${SCRIPT} does not exist`]],
    [
      'a relative command',
      own('./node'),
      {},
      ['fail: the command ./node is a relative path: Cursor starts it in another folder'],
    ],
    [
      'a relative script',
      own('/usr/bin/node', 'bin/mcp-proxy.js'),
      {},
      ['fail: the path bin/mcp-proxy.js is relative: write it from the root on'],
    ],
    [
      'a command in no folder of PATH',
      own('node'),
      { folderOf: () => undefined },
      ['fail: there is no program node in PATH'],
    ],
    [
      'a command that only a shell finds',
      own('node'),
      { folderOf: () => '/home/u/.nvm/bin' },
      ['warn: node is in /home/u/.nvm/bin, which only your shell knows: Cursor may not find it'],
    ],
    [
      'a download at each start',
      ['npx', '-y', '@mikluko/mcp-proxy', URL_TEXT],
      {},
      ['warn: it downloads mcp-proxy at its start, which is slow and fails without a network'],
    ],
    [
      'an old Node',
      own(),
      { nodeVersion: 'v18.20.0' },
      ['fail: it starts Node v18.20.0, which is too old: 20.19 or 22.3 is the least'],
    ],
    [
      'wrong arguments',
      own(),
      { mistake: { message: 'unknown flag "--debug"', hint: 'x' } },
      ['fail: unknown flag "--debug"'],
    ],
  ])('%s', (_name, words, machine, problems) => expect(wrong(words, machine)).toEqual(problems));

  it('a host of the terminal finds what the shell finds', () => {
    const claude = { id: 'claude-code', name: 'Claude Code' };
    expect(wrong(own('node'), { folderOf: () => '/home/u/.nvm/bin' }, claude)).toEqual([]);
  });

  it.each(['v20.19.0', 'v22.3.0', 'v24.0.0'])('Node %s is new enough', (nodeVersion) =>
    expect(wrong(own(), { nodeVersion })).toEqual([]),
  );
  it.each(['v20.18.3', 'v21.7.0', 'v22.2.0'])('Node %s is not', (nodeVersion) =>
    expect(wrong(own(), { nodeVersion })).toHaveLength(1),
  );
});

import { describe, expect, it } from 'vitest';
import { serversIn, withoutServer, withServer } from '../../../src/hosts/configuration.ts';
import { Unreadable } from '../../../src/hosts/formats/unreadable.ts';

const HOST = { format: 'toml', section: 'mcp_servers' } as const;
const VALUE = { command: 'C:\\node.exe', args: ['a "b"', 'ü\u007f\n'], env: { K: 'v', 'k.2': '${X}' } };

const SHAPES: Readonly<Record<string, string>> = {
  nothing: '',
  'settings only': 'model = "x" # mine\n\n[tui]\ntheme = "dark"\n',
  'another server':
    '[mcp_servers.other] # mine\ncommand = "x"\nargs = [\n  "a", # one\n]\n\n[mcp_servers.other.env]\nA = "1"\n',
  CRLF: 'model = "x"\r\n\r\n[mcp_servers.other]\r\ncommand = "x"\r\n',
  'a byte order mark': '\uFEFFmodel = "x"\n',
  'a table of all servers': '[mcp_servers]\n\n[mcp_servers.other]\ncommand = "x"\n',
  'another server in one line': 'model = "x"\n[mcp_servers]\nother = { command = "x" }\n',
  'a comment at the end': 'model = "x"\n# the end\n',
  'brackets in texts': 'notes = """\n[mcp_servers.mine]\n"""\n',
  'brackets in literal texts': "notes = '''\n[mcp_servers.mine]\n\\''''\nmore = '\\'\n",
  'quotes before closing quotes': 'a = """x"""""\nb = """\\""""\nc = ""\nd = """"""\n',
  'escaped quotes': 'a = "\\"" # "\nb = """\\"""\n[mcp_servers.mine]\n"""\n',
  'brackets in a list': 'a = [\n  "]", # ]\n  [1, 2],\n]\n[tui]\nb = { c = "}", d = [\n] }\n',
  'a header in a comment': 'a = 1 # [mcp_servers.mine]\n# [mcp_servers.mine]\n',
  'dotted keys of another server': 'mcp_servers.other.command = "x"\n',
  'quoted keys': '["mcp_servers" . "other.mine"]\ncommand = "x"\n"mine" = { mine = 1 }\n',
  'lists of tables': '[[tui]]\nmine = 1\n[[tui]]\n[tui.mcp_servers.mine]\na = 1\n',
  'dates and large numbers': 'a = 1979-05-27T07:32:00Z\nb = 07:32:00\nc = 9007199254740993\nd = inf\n',
};

describe('a server in TOML', () => {
  it.each(Object.entries(SHAPES))('comes and goes, with %s', (_, text) => {
    const added = withServer(HOST, text, 'mine', VALUE);
    expect(serversIn(HOST, added).mine).toEqual(VALUE);
    expect(added.startsWith(text)).toBe(true);
    expect(/[^\r]\n/.test(added)).toBe(!text.includes('\r\n'));
    expect(withoutServer(HOST, added, 'mine')).toBe(text);
  });

  it('is at the end after a last line without a line break', () => {
    expect(withServer(HOST, 'a = 1', 'mine', { command: 'y' })).toBe('a = 1\n\n[mcp_servers.mine]\ncommand = "y"\n');
  });

  it('is replaced where it is, with its subtables', () => {
    const text = [
      '[mcp_servers.mine] # first',
      'command = "x"',
      '',
      '# of the other one',
      '[mcp_servers.other]',
      'command = "z"',
      '',
      '[mcp_servers.mine.env]',
      'A = "1" # one',
      '[tui]',
      '',
    ].join('\n');
    const replaced = withServer(HOST, text, 'mine', { command: 'y' });
    expect(replaced).toBe(
      '[mcp_servers.mine]\ncommand = "y"\n\n# of the other one\n[mcp_servers.other]\ncommand = "z"\n\n[tui]\n',
    );
    expect(serversIn(HOST, withoutServer(HOST, text, 'mine'))).toEqual({ other: { command: 'z' } });
  });

  it.each([
    ['a = 1\nb = = 2\n', 2, 5],
    ['[mcp_servers]\nmine = { command = "x" }\n', 1, 1],
    ['a = 1\nmcp_servers.mine.command = "x"\n', 2, 1],
    ['a = 1\nmcp_servers = { other = { command = "x" } }\n', 2, 1],
    ['mcp_servers = { mine = { command = "x" } }\n', 1, 1],
    ['[[mcp_servers]]\nname = "mine"\n', 1, 1],
    ['a = 1\n[[mcp_servers]]\n[mcp_servers.mine]\ncommand = "x"\n', 2, 1],
    ['mcp_servers = 3\n', 1, 1],
    ['a = 1\na = 2\n', 2, 1],
    ['a = 1\nb = """\n', 2, 5],
    ["[a]\nb = 'x\n", 2, 7],
  ])('is not written into %j', (text, line, column) => {
    const edit = (): string => withServer(HOST, text, 'mine', VALUE);
    expect(edit).toThrow(Unreadable);
    expect(edit).toThrow(expect.objectContaining({ line, column }));
  });

  it.each([
    ['with quotes', '["mcp_servers".\'mine\'] # "#"\ncommand = "x"\n[b]\n', '[b]\n'],
    ['indented', 'a = 1\n  [ mcp_servers . mine ]\n  command = """\n[b]\n"""\n[b]\n', 'a = 1\n[b]\n'],
    ['with subtables only', '[mcp_servers.mine.env]\nA = "1"\n[mcp_servers.mine.x]\n[b]\n', '[b]\n'],
    ['with a list of tables', '[mcp_servers.mine]\n[[mcp_servers.mine.x]]\n[[mcp_servers.mine.x]]\n[b]\n', '[b]\n'],
    ['without a last line break', '[b]\n[mcp_servers.mine]\ncommand = "x"', '[b]\n'],
    ['in a list that is not of servers', '[[mcp_servers]]\n[mcp_servers.mine]\na = 1\n', undefined],
  ])('is removed from a table %s', (_, text, rest) => {
    expect(withoutServer(HOST, text, 'mine')).toBe(rest ?? text);
  });

  it('is read when it has a key that objects of JavaScript have', () => {
    const text = '[mcp_servers.__proto__]\ncommand = "x"\n[mcp_servers.constructor]\n';
    expect(Object.keys(serversIn(HOST, text))).toEqual(['__proto__', 'constructor']);
    expect(withoutServer(HOST, text, '__proto__')).toBe('[mcp_servers.constructor]\n');
  });
});

import { describe, expect, it } from 'vitest';
import {
  serverIn,
  serversIn,
  withoutEmptySection,
  withoutServer,
  withServer,
} from '../../../src/hosts/configuration.ts';
import { Unreadable } from '../../../src/hosts/formats/unreadable.ts';

const HOST = { format: 'json', section: 'mcpServers' } as const;
const VALUE = { command: '/usr/bin/node', args: ['a b', '"'], env: { K: 'v' } };

/** Texts with at least one server called `other`, by what is special about them. */
const SHAPES: Readonly<Record<string, string>> = {
  plain: '{\n  "mcpServers": {\n    "other": {\n      "command": "x"\n    }\n  }\n}\n',
  'without a final newline': '{\n  "mcpServers": {\n    "other": {}\n  }\n}',
  'four blanks': '{\n    "a": 1,\n    "mcpServers": {\n        "other": {}\n    }\n}\n',
  tabs: '{\n\t"mcpServers": {\n\t\t"other": {\n\t\t\t"command": "x"\n\t\t}\n\t},\n\t"z": [1, 2]\n}\n',
  CRLF: '{\r\n  "mcpServers": {\r\n    "other": {}\r\n  }\r\n}\r\n',
  'a byte order mark': '\uFEFF{\n  "mcpServers": {\n    "other": {}\n  }\n}\n',
  'a trailing comma': '{\n  "mcpServers": {\n    "other": {},\n  },\n}\n',
  'a comment behind the last server': '{\n  "mcpServers": {\n    "other": {} // mine\n  }\n}\n',
  'a comment behind a trailing comma': '{\n  "mcpServers": {\n    "other": {}, // mine\n    // that is all\n  }\n}\n',
  'a block comment': '{\n  /* all */ "mcpServers": {\n    "other": {} /* one */ /* two */\n    /* end */\n  }\n}\n',
  'commas in comments and texts': '{\n  "mcpServers": {\n    "other": { "command": "a,}" } // x, y }\n  }\n}\n',
  'one line': '{"mcpServers":{"other":{"command":"x"}},"a":[1,2]}',
  'one line with blanks': '{ "mcpServers": { "other": { "command": "x" }, "second": {} } }\n',
  'one line with a trailing comma': '{"mcpServers": {"other": {},}}\n',
  'a section in one line': '{\n  "mcpServers": {"other": {"command": "x"}},\n  "z": 1\n}\n',
  'a brace behind the last member': '{\n  "mcpServers": {\n    "other": {} }\n}\n',
  'sections of projects':
    '{\n  "projects": {\n    "/a": {\n      "mcpServers": {\n        "mine": {}\n      }\n    }\n  },\n  "mcpServers": {\n    "other": {}\n  }\n}\n',
  'a section twice': '{\n  "mcpServers": {},\n  "mcpServers": {\n    "other": {}\n  }\n}\n',
  'numbers beyond doubles':
    '{\n  "n": 12345678901234567890,\n  "e": 1E400,\n  "mcpServers": {\n    "other": {}\n  }\n}\n',
  'names like those of Object':
    '{\n  "__proto__": {"x": 1},\n  "mcpServers": {\n    "constructor": {},\n    "other": {}\n  }\n}\n',
};

describe('a server in JSON', () => {
  it.each(Object.entries(SHAPES))('comes and goes, with %s', (_, text) => {
    const added = withServer(HOST, text, 'mine', VALUE);
    expect(Object.keys(serversIn(HOST, added)).at(-1)).toBe('mine');
    expect(serversIn(HOST, added).mine).toEqual(VALUE);
    // Every earlier line is still there, except for a comma; lines with several members may change.
    const lines = (all: string): string[] => all.split('\n').map((line) => line.replace(/,(?=\s*(?:\/|$))/, ''));
    if (text.includes('\n    "other"') && !text.includes('{} }'))
      expect(lines(added)).toEqual(expect.arrayContaining(lines(text)));
    expect(added.includes('\r\n')).toBe(text.includes('\r\n'));
    expect(/[^\r]\n/.test(added)).toBe(/[^\r]\n/.test(text));
    expect(withoutServer(HOST, added, 'mine')).toBe(text);
  });

  it.each(Object.entries(SHAPES))('is replaced and put back, with %s', (_, text) => {
    const first = withServer(HOST, text, 'mine', VALUE);
    const second = withServer(HOST, first, 'mine', { command: 'y' });
    expect(serversIn(HOST, second).mine).toEqual({ command: 'y' });
    expect(withServer(HOST, second, 'mine', VALUE)).toBe(first);
  });

  it.each(Object.entries(SHAPES))('leaves from the middle, with %s', (_, text) => {
    const both = withServer(HOST, withServer(HOST, text, 'mine', VALUE), 'last', { command: 'z' });
    expect(withoutServer(HOST, both, 'mine')).toBe(withServer(HOST, text, 'last', { command: 'z' }));
  });

  it.each([
    ['', '{\n  "mcpServers": {\n    "mine": {\n      "command": "y"\n    }\n  }\n}\n'],
    ['{}', '{\n  "mcpServers": {\n    "mine": {\n      "command": "y"\n    }\n  }\n}'],
    ['{"a":1}', '{"a":1,"mcpServers":{"mine":{"command":"y"}}}'],
    ['{"mcpServers":{}}', '{"mcpServers":{"mine":{"command":"y"}}}'],
    ['{\n\t"mcpServers": {}\n}\n', '{\n\t"mcpServers": {\n\t\t"mine": {\n\t\t\t"command": "y"\n\t\t}\n\t}\n}\n'],
    [
      '{\r\n  // none yet\r\n}\r\n',
      '{\r\n  // none yet\r\n  "mcpServers": {\r\n    "mine": {\r\n      "command": "y"\r\n    }\r\n  }\r\n}\r\n',
    ],
    [
      '{\n  "mcpServers": {\n    // none yet\n  }\n}\n',
      '{\n  "mcpServers": {\n    // none yet\n    "mine": {\n      "command": "y"\n    }\n  }\n}\n',
    ],
  ])('is the first one in %j', (text, expected) => {
    expect(withServer(HOST, text, 'mine', { command: 'y' })).toBe(expected);
  });

  it('takes the section along that was made for it', () => {
    for (const text of ['{\n  "a": 1 // one\n}\n', '{"a":1}', '{\n  "a": 1,\n}\n', '{}', '{\n  // nothing\n}\n']) {
      const without = withoutServer(HOST, withServer(HOST, text, 'mine', VALUE), 'mine');
      expect(withoutEmptySection(HOST, without).replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
      expect(withoutEmptySection(HOST, SHAPES.plain as string)).toBe(SHAPES.plain);
    }
  });

  it('keeps a comment above a server that leaves, and takes the one behind it along', () => {
    const text = '{\n  "mcpServers": {\n    // first\n    "a": {}, // of a\n    // second\n    "b": {}\n  }\n}\n';
    expect(withoutServer(HOST, text, 'a')).toBe(
      '{\n  "mcpServers": {\n    // first\n    // second\n    "b": {}\n  }\n}\n',
    );
    expect(withoutServer(HOST, text, 'b')).toBe(
      '{\n  "mcpServers": {\n    // first\n    "a": {} // of a\n    // second\n  }\n}\n',
    );
  });

  it('is not taken from the prototype of an object', () => {
    expect(serverIn(HOST, '{"mcpServers":{}}', 'constructor')).toBeUndefined();
  });

  it.each([
    ['{"a": 1,, }', 1, 9],
    ['{\n  "mcpServers": {\n    "a": {}\n    "b": {}\n  }\n}', 4, 5],
    ['{\r\n  "a": \'b\'\r\n}', 2, 8],
    ['[]', 1, 1],
    ['{\n  "mcpServers": []\n}', 2, 17],
    ['{\n  "mcpServers": null\n}', 2, 17],
    ['{"a": "', 1, 7],
    ['<html>', 1, 1],
    ['[['.repeat(200_000), 1, 1],
  ])('is not written into %.40j', (text, line, column) => {
    const edit = (): string => withServer(HOST, text, 'mine', VALUE);
    expect(edit).toThrow(Unreadable);
    expect(edit).toThrow(expect.objectContaining({ line, column }));
  });
});

// promises.md names tests that exist.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const here = path.dirname(fileURLToPath(import.meta.url));
const text = readFileSync(path.join(here, 'promises.md'), 'utf8');

interface Kept {
  readonly sentence: string;
  readonly tests: { readonly file: string; readonly names: readonly string[] }[];
  argued: boolean;
}

const LINE = /^ {2}`([\w./-]+\.test\.ts)`: (".+")$/;

function read(page: string): { readonly promises: Kept[]; readonly unread: string[] } {
  const promises: Kept[] = [];
  const unread: string[] = [];
  for (const line of page.split('\n')) {
    const last = promises.at(-1);
    const [, file, names] = LINE.exec(line) ?? [];
    if (line.startsWith('- ')) promises.push({ sentence: line.slice(2), tests: [], argued: false });
    else if (last && file !== undefined && names !== undefined)
      last.tests.push({
        file,
        names: names
          .slice(1, -1)
          .split('"; "')
          .map((name) => name.replaceAll('\\"', '"')),
      });
    else if (last && line.startsWith('  No test here: ')) last.argued = true;
    else if (line.startsWith(' ')) unread.push(line);
  }
  return { promises, unread };
}

/** Whether a file has a test, or a group of tests, of this name. */
function hasTest(source: string, name: string): boolean {
  return ["'", '"', '`'].some((quote) => {
    const text = `${quote}${name.replaceAll(quote, `\\${quote}`)}${quote}`;
    // Only as the first argument of a function.
    return source
      .split(text)
      .slice(0, -1)
      .some((before) => /\(\s*$/.test(before));
  });
}

const { promises, unread } = read(text);

it('every line of the page is understood', () => {
  expect(unread).toEqual([]);
  expect(promises.length).toBeGreaterThan(70);
});

it.each(promises.map((promise) => [promise.sentence, promise] as const))('%s', (_sentence, { tests, argued }) => {
  expect(tests.length > 0).toBe(!argued);
  for (const { file, names } of tests) {
    const place = path.join(here, file);
    expect(existsSync(place), file).toBe(true);
    const source = readFileSync(place, 'utf8');
    expect(
      names.filter((name) => !hasTest(source, name)),
      file,
    ).toEqual([]);
  }
});

describe('the reader', () => {
  it('finds a name that does not exist, and a part of a name', () => {
    const source = "it('answers', () => {});\nit.each(ALL)('%s is \"it\"', () => {});";
    expect(['answers', '%s is "it"', 'answer', 'goes'].map((name) => hasTest(source, name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('tells promises with tests from those that are argued, and from lines that it cannot read', () => {
    const page = '- One.\n  `a/b.test.ts`: "x"; "y"\n- Two.\n  No test here: because.\n- Three.\n  `a/b.test.ts`: z\n';
    const found = read(page);
    expect(found.promises.map(({ tests, argued }) => [tests.flatMap(({ names }) => names), argued])).toEqual([
      [['x', 'y'], false],
      [[], true],
      [[], false],
    ]);
    expect(found.unread).toHaveLength(1);
  });
});

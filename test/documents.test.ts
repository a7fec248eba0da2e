// What the documents point to is there.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const documents = ['.', 'docs'].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name)),
);

/** Headings as GitHub turns them into anchors. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(documents)('%s', (document) => {
  const file = path.join(ROOT, document);
  // Those of pictures are in HTML, because they depend on the theme of the reader.
  const links = [...readFileSync(file, 'utf8').matchAll(/\]\(([^)\s]+)\)|\bsrc(?:set)?="([^"]+)"/g)].map(
    ([, link, picture = '']) => link ?? picture,
  );

  it('links to files and headings that exist', () => {
    for (const link of links.filter((l) => !/^[a-z]+:/.test(l))) {
      const [name = '', anchor] = link.split('#');
      const target = name === '' ? file : path.join(path.dirname(file), name);
      expect(existsSync(target), link).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(readFileSync(target, 'utf8')), link).toContain(anchor);
    }
  });
});

it('SECURITY.md names the tests of each defence, and README.md links to it', () => {
  const text = readFileSync(path.join(ROOT, 'SECURITY.md'), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| (?!attacker|-)/.test(line) && !line.startsWith('|--'));
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) expect(row).toMatch(/\]\(test\/[\w/-]+\.test\.ts\) \|$/);
  expect(readFileSync(path.join(ROOT, 'README.md'), 'utf8')).toContain('](SECURITY.md)');
});

it('README.md links to every page', () => {
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  for (const document of documents.filter((name) => name !== 'README.md')) expect(readme).toContain(`](${document})`);
});

// What the repository says about itself on GitHub and npm is consistent.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { ROOT } from './blocks.ts';
import { PACKAGE } from './commands.ts';

const FORMS = path.join(ROOT, '.github/ISSUE_TEMPLATE');
const REPOSITORY = PACKAGE.repository.url.replace(/^git\+|\.git$/g, '');

interface Field {
  readonly type: string;
  readonly id?: string;
  readonly attributes: { readonly label?: string; readonly value?: string };
}

const read = (name: string): string => readFileSync(path.join(FORMS, name), 'utf8');
const names = readdirSync(FORMS);

it('package.json leads to the repository', () => {
  const { homepage, bugs, keywords } = PACKAGE;
  expect([homepage, bugs]).toEqual([`${REPOSITORY}#readme`, `${REPOSITORY}/issues`]);
  expect(keywords).toContain('mcp');
});

describe.each(names.filter((name) => name !== 'config.yml'))('%s', (name) => {
  const form = parseYaml(read(name)) as { name: string; description: string; body: readonly Field[] };

  it('is a form', () => {
    expect([form.name, form.description].every((text) => typeof text === 'string')).toBe(true);
    for (const { type, attributes } of form.body) {
      expect(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes']).toContain(type);
      expect(type === 'markdown' ? attributes.value : attributes.label).toBeTypeOf('string');
    }
    const ids = form.body.flatMap(({ id }) => (id === undefined ? [] : [id]));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

it.each(names)('%s links to pages that exist', (name) => {
  for (const [, file = ''] of read(name).matchAll(new RegExp(`${REPOSITORY}/blob/main/([^)\\s]+)`, 'g'))) {
    expect(existsSync(path.join(ROOT, file)), file).toBe(true);
  }
  for (const [url] of read(name).matchAll(/https:[^)\s]+/g)) expect(url.startsWith(REPOSITORY), url).toBe(true);
});

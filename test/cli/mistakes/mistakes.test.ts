// Makes every mistake of the table with the built program, and compares the text with docs/mistakes.md. `npm run
// mistakes` writes that page again; read its diff before you commit it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { GROUPS } from './groups.ts';
import type { Mistake } from './mistake.ts';
import { PAGE, pageOf, transcriptsIn } from './page.ts';
import { transcriptOf } from './transcript.ts';

const isWriting = process.env.WRITE_MISTAKES === '1';
const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8').replaceAll('\r\n', '\n') : '';
const stored = new Map(transcriptsIn(page));
const all = GROUPS.flatMap(({ mistakes }) => mistakes);
const isOfThisSystem = ({ platform = process.platform }: Mistake): boolean => platform === process.platform;

describe.each(GROUPS)('$title', ({ mistakes }) => {
  it.concurrent.for(mistakes.filter(isOfThisSystem))('$title', async (mistake) => {
    const transcript = await transcriptOf(mistake);
    if (isWriting) stored.set(mistake.title, transcript);
    else expect(transcript).toBe(stored.get(mistake.title));
  });
});

it('every title is unique', () => {
  const titles = all.map(({ title }) => title);
  expect(titles.filter((title, index) => titles.indexOf(title) < index)).toEqual([]);
});

it.runIf(!isWriting)('docs/mistakes.md contains these mistakes and nothing else', () => {
  expect(page).toBe(pageOf(GROUPS, ({ title }) => stored.get(title)));
});

afterAll(() => {
  if (isWriting)
    writeFileSync(
      PAGE,
      pageOf(GROUPS, ({ title }) => stored.get(title)),
    );
});

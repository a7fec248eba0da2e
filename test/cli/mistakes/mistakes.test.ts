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

/** What concerns one call is told to its client alone. */
const ONE_CALL = [
  'The server closes the connection in the middle of a call',
  'The server answers 500 in the middle of a session',
  'The server speaks only 2026-07-28 and asks the user something, and the client cannot',
  'The tool is hidden',
];
/** The error says it all: the words are those of the server, or there is nothing to do. */
const WITHOUT_HINT = ['The tool is hidden', 'The authorization server refuses the sign-in with a reason of its own'];

describe('every mistake', () => {
  const pages = transcriptsIn(page);

  it('tells the host what it tells the user, and what to do', () => {
    const told = [...pages].flatMap(([title, transcript]) => {
      const [, text] = /^< error -?\d+: (.*)$/m.exec(transcript) ?? [];
      const [, hint] = /^< {3}hint: (.*)$/m.exec(transcript) ?? [];
      return text === undefined ? [] : [{ title, transcript, text, hint }];
    });
    expect(told.length).toBeGreaterThan(100);
    for (const { title, transcript, text, hint } of told) {
      if (!WITHOUT_HINT.includes(title)) expect(text, title).toContain(` (${hint})`);
      const [what = ''] = text.split(` (${hint})`);
      if (!ONE_CALL.includes(title)) expect(transcript.match(/^! .*$/gm)?.join('\n'), title).toContain(what);
    }
  });

  it('that ends the program says what to do next', () => {
    const ends = [...pages].filter(([, transcript]) => /^\[exit [12]\]$/m.test(transcript));
    expect(ends.length).toBeGreaterThan(60);
    for (const [title, transcript] of ends) {
      const next = title.startsWith('Doctor: ') ? /^Next step\n +\S/m : /^(?:! |< {3})hint: \S/m;
      expect(transcript, title).toMatch(next);
    }
  });
});

afterAll(() => {
  if (isWriting)
    writeFileSync(
      PAGE,
      pageOf(GROUPS, ({ title }) => stored.get(title)),
    );
});

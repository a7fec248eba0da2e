// The tables of docs/reliability.md are those of the matrix; `npm run reliability` writes them anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cells, isCrossing, isInEveryRun, nameOf, PHASES, UPSTREAMS } from './cells.ts';
import { FAULTS } from './faults.ts';
import { matrixText } from './table.ts';

const FILE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));
const [BEGIN, END] = ['<!-- matrix: npm run reliability -->', '<!-- end of the matrix -->'];

const page = readFileSync(FILE, 'utf8');
const [before = '', rest = ''] = page.split(BEGIN);
const [written = '', after = ''] = rest.split(END);

if (process.env.WRITE_RELIABILITY === '1') {
  it('are written', () => {
    writeFileSync(FILE, `${before}${BEGIN}\n\n${matrixText()}\n\n${END}${after}`);
  });
} else {
  it('are up to date; if not: npm run reliability', () => {
    expect(written.trim()).toBe(matrixText());
  });
}

describe('the matrix', () => {
  const all = cells();

  it('has every fault, phase, server, front and direction', () => {
    expect(new Set(all.map(({ fault }) => fault))).toEqual(new Set(FAULTS.keys()));
    expect(new Set(all.map(({ phase }) => phase))).toEqual(new Set(PHASES));
    expect(new Set(all.map(({ upstream }) => upstream))).toEqual(new Set(UPSTREAMS));
    for (const upstream of UPSTREAMS) {
      for (const front of ['stdio', 'http']) {
        for (const crossing of [true, false]) {
          const some = all.some(
            (cell) => cell.upstream === upstream && cell.front === front && isCrossing(cell) === crossing,
          );
          expect(some, `${upstream}, ${front}, ${crossing}`).toBe(true);
        }
      }
    }
  });

  it('has each fault in each moment, over each transport, in every run', () => {
    const place = ({ upstream, phase, fault }: (typeof all)[number]): string => `${upstream}, ${phase}, ${fault}`;
    const every = new Set(all.filter(isInEveryRun).map(place));
    expect(all.map(place).filter((one) => !every.has(one))).toEqual([]);
  });

  it('has no cell twice', () => {
    const names = all.map((cell) => `${cell.upstream} ${nameOf(cell)}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

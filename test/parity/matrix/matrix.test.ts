// Every way to reach the program, with every kind of server: each behaviour works, or is refused as `refusals.ts` says.
// With WRITE_MATRIX=1 the outcome goes to docs/compatibility.md; without it, the page must say what was observed.
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { BEHAVIOURS } from './behaviours.ts';
import { type Observed, observeAll } from './observe.ts';
import { matrixIn, withMatrix } from './page.ts';
import { CLIENTS, SERVERS } from './peers.ts';
import { expected, REFUSALS } from './refusals.ts';
import { matrixOf } from './table.ts';

const PAGE = 'docs/compatibility.md';
const NAMES = BEHAVIOURS.map(({ name }) => name);
const CELLS = CLIENTS.flatMap((client) => SERVERS.map((server) => [client.name, server.name] as const));

let observed: Observed;
beforeAll(async () => {
  observed = await observeAll();
}, 240_000);

const outcomesOf = (client: string, server: string) => observed.cells.get(client)?.get(server);

it.each(CELLS)('%s -> %s', (client, server) => {
  const wanted = new Map(NAMES.map((name) => [name, expected(name, client, server)]));
  expect(outcomesOf(client, server)).toEqual(wanted);
});

describe('what is refused', () => {
  it("does not include anything that works for a client of the server's own era", () => {
    const own = (name: string, client: string, server: string) => {
      const isOffered = observed.direct.get(server)?.get(name) === 'yes';
      // 2026-07-28 is the only revision without something of the list.
      return isOffered && !(name === 'ping' && client.endsWith('2026-07-28'));
    };
    const lost = CELLS.flatMap(([client, server]) =>
      NAMES.filter((name) => own(name, client, server) && outcomesOf(client, server)?.get(name) !== 'yes').map(
        (name) => `${name}: ${client} -> ${server}`,
      ),
    );
    expect(lost).toEqual([]);
  });

  it('includes only cases that occur', () => {
    for (const { behaviours, outcome, server } of REFUSALS) {
      for (const name of behaviours) {
        const seen = CELLS.filter(([, its]) => (server ?? its) === its).map(([client, its]) => {
          return outcomesOf(client, its)?.get(name);
        });
        expect(seen, name).toContain(outcome);
      }
    }
  });
});

it('docs/compatibility.md says so', () => {
  const page = readFileSync(PAGE, 'utf8');
  const part = matrixOf(observed);
  if (process.env.WRITE_MATRIX === '1') writeFileSync(PAGE, withMatrix(page, part));
  else expect(matrixIn(page), 'run npm run matrix').toBe(part);
});

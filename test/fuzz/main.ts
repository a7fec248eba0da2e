// The fuzzer as a program: parsers and doors in turn, until the time is over.
import { parseArgs } from 'node:util';
import { DOORS } from './doors/all.ts';
import { fuzzDoor } from './doors/door.ts';
import { fuzz } from './fuzz.ts';
import { TARGETS } from './targets.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, target: { type: 'string' } },
});
const end = Date.now() + Number(values.minutes) * 60_000;
const isChosen = ({ name }: { readonly name: string }): boolean =>
  values.target === undefined || name === values.target;
const targets = TARGETS.filter(isChosen);
const doors = DOORS.filter(isChosen);
if (targets.length + doors.length === 0) {
  const all = [...TARGETS, ...DOORS].map(({ name }) => name);
  throw new Error(`no such target; there are: ${all.join(', ')}`);
}

const ROUND = 200;
let seed = Number(values.seed ?? Date.now() % 1_000_000_000);
process.stdout.write(`seed ${seed}\n`);
let texts = 0;
const cases = new Map(doors.map(({ name }) => [name, 0]));
try {
  for (; Date.now() < end; seed += ROUND) {
    for (const target of targets) fuzz(target, seed, ROUND);
    texts += ROUND * targets.length;
    for (const door of doors) {
      if (Date.now() >= end) break;
      // Where each case starts the program, there is time for few.
      const count = Math.min(ROUND, door.few);
      await fuzzDoor(door, seed, count);
      cases.set(door.name, (cases.get(door.name) ?? 0) + count);
    }
  }
  process.stdout.write(`${texts} damaged texts for ${targets.length} parsers, no fault\n`);
  for (const [name, count] of cases) process.stdout.write(`${count} cases for ${name}, no fault\n`);
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

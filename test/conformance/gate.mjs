#!/usr/bin/env node
// Runs exactly what expected.json says must pass, and fails when any of it does not, or when the lists themselves
// are wrong: a scenario in no list, an exemption without a reason, an entry the suite no longer has.
//   --all   also runs what waits, and names what passes already, so that the list can shrink
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { moves } from './host/moves.mjs';
import { audit, cellsOf, exemption, label, mustPass, readExpected } from './lib/expectations.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { builtProxy, newRunFolder } from './lib/project.mjs';
import { header, row } from './lib/report.mjs';
import { runAll } from './lib/scenario.mjs';
import { clientScenarios, suiteVersion } from './lib/suite.mjs';

const { values: options } = parseArgs({ options: { all: { type: 'boolean', default: false } } });

ensureInstalled();
const expected = readExpected();
const cells = cellsOf(clientScenarios());
const problems = audit(expected, cells);
const settings = { command: builtProxy(), deadline: 60_000, folder: newRunFolder() };

console.log(`conformance: suite ${suiteVersion()}, client scenarios through the proxy\n${header}`);
const show = (result) => console.log(row(result));
const rows = await runAll(
  cells.filter((cell) => mustPass(expected, cell)),
  2,
  settings,
  show,
);
const failed = rows.filter(({ status }) => status !== 'PASS');

if (options.all) {
  const waiting = cells.filter((cell) => exemption(expected, cell)?.kind === 'waiting');
  const runnable = waiting.filter(({ name }) => name in moves);
  console.log(`\nwaiting (${waiting.length - runnable.length} more are not run: the host has no moves for them)`);
  const early = (await runAll(runnable, 2, settings, show)).filter(({ status }) => status === 'PASS');
  if (early.length > 0) console.log('\nwaiting, but passes already; move it to "pass" in expected.json:');
  for (const result of early) console.log(`  ${label(result)}`);
}

if (failed.length > 0) console.log('\nmust pass, and does not:');
for (const result of failed) console.log(`  ${label(result)}: ${result.status} ${result.reason}`);
if (problems.length > 0) console.log('\nwrong in expected.json:');
for (const problem of problems) console.log(`  ${problem}`);

const bad = failed.length + problems.length;
if (failed.length > 0) console.log(`\nrecorded in ${settings.folder}`);
else fs.rmSync(settings.folder, { recursive: true, force: true });
console.log(`\nconformance: ${rows.length - failed.length} passed, ${bad} failed`);
process.exit(bad > 0 || rows.length === 0 ? 1 : 0);

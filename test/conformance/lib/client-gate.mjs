// Client mode: what expected.json says must pass, run through the proxy.
import { moves } from '../host/moves.mjs';
import { audit, cellsOf, exemption, label, mustPass, readExpected } from './expectations.mjs';
import { builtProxy } from './project.mjs';
import { header, row } from './report.mjs';
import { runAll } from './scenario.mjs';
import { clientScenarios } from './suite.mjs';

/** Resolves with { rows, cells, failed, problems }: the last two are lines for people. */
export async function clientGate({ folder, all }) {
  const expected = readExpected();
  const cells = cellsOf(clientScenarios());
  const problems = audit(expected, cells).map((line) => `expected.json: ${line}`);
  const settings = { command: builtProxy(), deadline: 60_000, folder };
  const show = (result) => console.log(row(result));

  console.log(`client mode: the proxy is the client\n${header}`);
  const wanted = cells.filter((cell) => mustPass(expected, cell));
  const rows = await runAll(wanted, 2, settings, show);
  const failed = rows.filter(({ status }) => status !== 'PASS');

  if (all) {
    const waiting = cells.filter((cell) => exemption(expected, cell)?.kind === 'waiting');
    const runnable = waiting.filter(({ name }) => name in moves);
    console.log(`\nwaiting (${waiting.length - runnable.length} more are not run: the host has no moves for them)`);
    const early = (await runAll(runnable, 2, settings, show)).filter(({ status }) => status === 'PASS');
    if (early.length > 0) console.log('\nwaiting, but passes already; move it to "pass" in expected.json:');
    for (const result of early) console.log(`  ${label(result)}`);
  }
  return {
    rows,
    cells,
    failed: failed.map((result) => `${label(result)}: ${result.status} ${result.reason}`),
    problems,
  };
}

// Server mode: every scenario, without the proxy and through it, at every revision.
import { auditExemptions } from './expectations.mjs';
import { readExpectedServer, runsOf, serverCells, serverExemption, serverLabel } from './server-expectations.mjs';
import { lostChecks, PROCESS, runWays } from './server-mode.mjs';
import { serverScenarios } from './suite.mjs';
import { DIRECT, REPLICATED_WAYS, THROUGH } from './ways.mjs';

/** For one revision on one way, however many scenarios it takes. */
export const LIMIT_MS = 120_000;

export const serverHeader = 'spec        way                 passed  checks  seconds';

export function serverSummary({ spec, way, rows, seconds }) {
  const passed = rows.filter(({ status }) => status === 'PASS').length;
  const checks = rows.reduce((sum, { succeeded }) => sum + succeeded.length, 0);
  const scenarios = rows.filter(({ name }) => name !== PROCESS);
  const share = `${passed}/${scenarios.length}`.padStart(7);
  return [spec.padEnd(11), way.padEnd(18), share, String(checks).padStart(7), seconds.toFixed(1).padStart(8)].join(' ');
}

/** Server mode with several replicas. */
export const replicasGate = ({ folder }) => serverGate({ folder, through: REPLICATED_WAYS });

/** Resolves with { rows, cells, passed, failed, problems }: the last two are lines for people. */
export async function serverGate({ folder, through = THROUGH }) {
  const expected = readExpectedServer();
  const cells = serverCells(serverScenarios(), through);
  const audited = serverCells(serverScenarios());
  const problems = auditExemptions(expected, audited).map((line) => `expected-server.json: ${line}`);

  console.log(`server mode: the proxy is the server\n${serverHeader}`);
  const rows = await runWays(runsOf(expected, cells), 2, {
    folder,
    limit: LIMIT_MS,
    done: (run) => console.log(serverSummary(run)),
  });

  const failed = [];
  let passed = 0;
  for (const row of rows) {
    const exempt = serverExemption(expected, row);
    const line = `${serverLabel(row)}: ${row.status} ${row.reason}`;
    if (row.status !== 'PASS' && !exempt) {
      // If the server behind fails alone, the row says nothing about the proxy, and checks nothing.
      if (row.way === DIRECT) problems.push(`${line} (without a proxy: the server behind is at fault)`);
      else failed.push(line);
    }
    if (row.status === 'PASS' && exempt) problems.push(`${serverLabel(row)}: passes, but is listed as ${exempt.kind}`);
    if (row.status === 'PASS' && row.way !== DIRECT) passed += 1;
  }
  const reference = rows.filter(({ way }) => way === DIRECT);
  const fewer = lostChecks(
    rows.filter(({ way, status }) => way !== DIRECT && status === 'PASS'),
    reference,
  );
  if (fewer.length > 0) console.log('\npassed, but the suite judged less than without a proxy:');
  for (const row of fewer) console.log(`  ${serverLabel(row)}: not ${row.lost.join(', ')}`);
  return { rows, cells, passed, failed, problems };
}

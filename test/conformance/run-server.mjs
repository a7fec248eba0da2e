#!/usr/bin/env node
// Runs the server scenarios of the official suite and prints a row for each.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled } from './lib/install.mjs';
import { newRunFolder } from './lib/project.mjs';
import { serverRow } from './lib/report.mjs';
import { readExpectedServer, runsOf, serverCells, serverExemption } from './lib/server-expectations.mjs';
import { LIMIT_MS, serverHeader, serverSummary } from './lib/server-gate.mjs';
import { runWays } from './lib/server-mode.mjs';
import { serverScenarios, suiteVersion } from './lib/suite.mjs';
import { baseOf, DIRECT, OWN, PASSTHROUGH, REPLICATED_WAYS, THROUGH } from './lib/ways.mjs';

const USAGE = `node test/conformance/run-server.mjs [options] [-- <proxy command with {URL}>]

  --spec LIST   revisions to run (all)
  --way LIST    ${[DIRECT, ...THROUGH].join(', ')}: without a proxy, and with one upstream session for each client or
                one for all, in front of a local server, and in front of one of the other era (all five); ${PASSTHROUGH}: through a hop that changes nothing;
                ${REPLICATED_WAYS.join(', ')}: three replicas of the proxy behind nginx, with a store
  --only REGEX  only scenarios whose name matches, each in a process of its own
  --jobs N      revisions and ways at a time (2)
  --out DIR     where logs and results go (test/conformance/runs/<time>)
  --help

A command of your own must say \`listening on ORIGIN\` on stderr and serve at /mcp; it is the only way then.
`;

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        spec: { type: 'string' },
        way: { type: 'string' },
        only: { type: 'string' },
        jobs: { type: 'string', default: '2' },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return { ...values, command: positionals };
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const options = readOptions();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}

ensureInstalled();
const own = options.command.length > 0;
const ways = own ? [OWN] : (options.way?.split(',') ?? [DIRECT, ...THROUGH]);
const wanted = new RegExp(options.only ?? '');
const folder = options.out ? path.resolve(options.out) : newRunFolder();
const selected = serverScenarios().filter(({ name }) => wanted.test(name));
const expected = readExpectedServer();
const reference = serverCells(selected).filter(({ way }) => way === DIRECT);
const runs = runsOf(expected, reference)
  .filter(({ spec }) => !options.spec || options.spec.split(',').includes(spec))
  .flatMap((run) => ways.map((way) => ({ ...run, way, ...(options.only && { narrowed: true }) })));
// The list speaks of this proxy; another command is only looked at.
const isOurs = (way) => THROUGH.includes(baseOf(way));
const exemptionOf = (row) => (isOurs(row.way) ? serverExemption(expected, row) : undefined);

console.log(`suite      @modelcontextprotocol/conformance ${suiteVersion()}, server scenarios`);
console.log(`recorded   ${folder}\n`);
const rows = await runWays(runs, Number(options.jobs), {
  folder,
  command: options.command,
  limit: LIMIT_MS,
  done(run) {
    console.log(`${serverHeader}\n${serverSummary(run)}`);
    for (const row of run.rows) {
      const exempt = exemptionOf(row);
      console.log(serverRow(row, exempt && row.status !== 'PASS' ? `${exempt.kind}: ${exempt.reason}` : ''));
    }
    console.log('');
  },
});
console.log(`${rows.filter(({ status }) => status === 'PASS').length} of ${rows.length} pass`);
const broken = rows.some((row) => row.status !== 'PASS' && isOurs(row.way) && !exemptionOf(row));
process.exit(broken || rows.length === 0 ? 1 : 0);

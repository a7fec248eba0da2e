#!/usr/bin/env node
// Runs the client scenarios of the official suite through the proxy and prints a row for each.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { moves } from './host/moves.mjs';
import { cellsOf, exemption, INNERS, mustPass, readExpected, SPECS } from './lib/expectations.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { builtProxy, newRunFolder } from './lib/project.mjs';
import { header, row } from './lib/report.mjs';
import { runAll } from './lib/scenario.mjs';
import { clientScenarios, suiteVersion } from './lib/suite.mjs';

const USAGE = `node test/conformance/run.mjs [options] [-- <proxy command with {URL}>]

  --spec LIST          revisions to run (${SPECS.join(',')})
  --inner LIST         how the host opens (${INNERS.join(',')})
  --only REGEX         only scenarios whose name matches
  --direct             no proxy in between: the reference
  --jobs N             scenarios at a time (2)
  --deadline MS        for one scenario (60000)
  --browser-delay MS   what the browser stand-in waits before it loads the page (0)
  --out DIR            where logs and transcripts go (test/conformance/runs/<time>)
  --help

Without a command: node bin/mcp-proxy.js {URL} --allow-http
`;

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        spec: { type: 'string', default: SPECS.join(',') },
        inner: { type: 'string', default: INNERS.join(',') },
        only: { type: 'string', default: '' },
        direct: { type: 'boolean', default: false },
        jobs: { type: 'string', default: '2' },
        deadline: { type: 'string', default: '60000' },
        'browser-delay': { type: 'string', default: '0' },
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
const wanted = new RegExp(options.only);
const specs = options.spec.split(',');
const inners = options.inner.split(',');
const selected = cellsOf(clientScenarios()).filter(
  ({ name, spec, inner }) => specs.includes(spec) && inners.includes(inner) && wanted.test(name),
);
const given = options.command.length > 0 ? options.command : undefined;
// The host on its own cannot sign in anywhere, so these have no reference: the suite's verdict is the measure.
const beyondDirect = ({ name }) => options.direct && name.startsWith('auth/');
const cells = selected.filter((cell) => cell.name in moves && !beyondDirect(cell));
const command = options.direct ? undefined : (given ?? builtProxy());
const folder = options.out ? path.resolve(options.out) : newRunFolder();
// The lists speak of this proxy; another command, or none, is only looked at.
const expected = options.direct || given ? undefined : readExpected();

console.log(`suite      @modelcontextprotocol/conformance ${suiteVersion()}, client scenarios`);
console.log(`proxy      ${command?.join(' ') ?? 'none'}`);
console.log(`recorded   ${folder}\n`);
console.log(header);

const browserDelay = Number(options['browser-delay']);
const settings = { command, deadline: Number(options.deadline), browserDelay, folder };
const rows = await runAll(cells, Number(options.jobs), settings, (result) => {
  const exempt = expected && exemption(expected, result);
  console.log(row(result, exempt && `${exempt.kind}: ${exempt.reason}`));
});

const passed = rows.filter(({ status }) => status === 'PASS').length;
const withoutSignIn = selected.filter(beyondDirect).length;
if (withoutSignIn > 0) console.log(`\n${withoutSignIn} of auth/* were not run: without a proxy nobody signs in`);
const left = selected.length - cells.length - withoutSignIn;
if (left > 0) console.log(`\n${left} more were not run: the host has no moves for them (see expected.json)`);
console.log(`\n${passed} of ${rows.length} pass`);
const broken = expected && rows.some((result) => result.status !== 'PASS' && mustPass(expected, result));
process.exit(broken || rows.length === 0 ? 1 : 0);

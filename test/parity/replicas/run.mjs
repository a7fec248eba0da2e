// `npm run replicas [-- --write-docs]`: the parity tests of HTTP mode in front of two and of three replicas, and the
// official conformance suite in front of three. With --write-docs, the figures go to docs/replicas.md.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installPeers } from '../../../scripts/peers.mjs';
import { root, show, toolOf } from '../../../scripts/run.mjs';
import { ensureInstalled } from '../../conformance/lib/install.mjs';
import { newRunFolder } from '../../conformance/lib/project.mjs';
import { replicasGate } from '../../conformance/lib/server-gate.mjs';
import { PROCESS } from '../../conformance/lib/server-mode.mjs';
import { suiteVersion } from '../../conformance/lib/suite.mjs';
import { baseOf, DIRECT } from '../../conformance/lib/ways.mjs';

const COUNTS = [2, 3];
const HTTP = 'test/parity/http';
/** The tests that start a deployment, with what they are about. The other tests of the folder start nginx themselves. */
const PARTS = {
  'servers with sessions (SDK v1)': [`${HTTP}/sdk-v1-stateful.test.ts`],
  'servers of older revisions without sessions (SDK v1)': [`${HTTP}/sdk-v1-stateless.test.ts`],
  'servers of both eras and of 2026-07-28 (SDK v2)': [`${HTTP}/sdk-v2-dual.test.ts`, `${HTTP}/sdk-v2-modern.test.ts`],
  'local servers (SDK v1 and v2)': [`${HTTP}/sdk-v1-stdio.test.ts`, `${HTTP}/sdk-v2-stdio.test.ts`],
  'server-everything over Streamable HTTP, over HTTP+SSE, and on stdio': [
    `${HTTP}/server-everything-http.test.ts`,
    `${HTTP}/server-everything-sse.test.ts`,
    `${HTTP}/server-everything-stdio.test.ts`,
  ],
  'clients of 2026-07-28 at older servers': [`${HTTP}/crossing-down.test.ts`],
  'older clients at servers of 2026-07-28': [`${HTTP}/bridged.test.ts`],
  'every byte': [`${HTTP}/bytes.test.ts`],
  'negotiation of the revision': [`${HTTP}/negotiation.test.ts`],
  '`--upstream-session shared`': [`${HTTP}/shared.test.ts`],
  'twelve joined servers, with fifty other clients': ['test/parity/several/http.test.ts'],
  'the matrix of transports and eras': ['test/parity/matrix/matrix.test.ts'],
};
const PAGE = path.join(root, 'docs', 'replicas.md');
const [BEGIN, END] = ['<!-- Written by npm run replicas. -->', '<!-- End of npm run replicas. -->'];

for (const line of await installPeers()) process.stderr.write(`${line}\n`);
const parity = [];
for (const count of COUNTS) parity.push(await runParity(count));
ensureInstalled();
const folder = newRunFolder();
const gate = await replicasGate({ folder });
for (const line of [...gate.failed, ...gate.problems]) console.log(line);
const failed = parity.reduce((sum, one) => sum + one.failed, gate.failed.length + gate.problems.length);
if (failed === 0) rmSync(folder, { recursive: true, force: true });

const text = report(parity, gate);
console.log(`\n${text}`);
if (process.argv.includes('--write-docs')) {
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest = ''] = page.split(BEGIN);
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${text}\n\n${END}${rest.split(END)[1] ?? ''}`);
}
const passed = parity.reduce((sum, one) => sum + one.passed, gate.passed);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

/**
 * The figures of each part, with so many replicas.
 * @param {number} count
 */
async function runParity(count) {
  const temporary = mkdtempSync(path.join(tmpdir(), 'mcp-proxy-replicas-'));
  const file = path.join(temporary, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const env = { ...process.env, MCP_PROXY_REPLICAS: String(count) };
    await show([process.execPath, toolOf('vitest'), 'run', ...reporters, ...Object.values(PARTS).flat()], { env });
    const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
    const figures = Object.values(PARTS).map((files) => figuresOf(testResults, files));
    const sum = (/** @type {'passed' | 'failed'} */ which) => figures.reduce((all, one) => all + one[which], 0);
    return { count, figures, passed: sum('passed'), failed: sum('failed') };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** A file that could not be run, or is missing, counts as one failure. */
function figuresOf(results, files) {
  let [passed, failed] = [0, 0];
  for (const name of files) {
    const result = results.find((one) => path.resolve(one.name) === path.resolve(root, name));
    const statuses = result?.assertionResults.map(({ status }) => status) ?? [];
    const good = statuses.filter((status) => status === 'passed').length;
    passed += good;
    failed += statuses.length === 0 ? 1 : statuses.length - good;
  }
  return { passed, failed };
}

function report(parity, { rows }) {
  const cell = ({ passed, failed }) => (failed === 0 ? `${passed} passed` : `${passed} passed, **${failed} failed**`);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const today = new Date().toISOString().slice(0, 10);
  const ways = [...new Set(rows.map(({ way }) => way))].filter((way) => way !== DIRECT);
  const specs = [...new Set(rows.map(({ spec }) => spec))].sort();
  const share = (spec, way) => {
    const its = rows.filter((row) => row.spec === spec && row.way === way && row.name !== PROCESS);
    return `${its.filter(({ status }) => status === 'PASS').length}/${its.length}`;
  };
  return [
    `**${today}**, Node ${process.versions.node}. Each test compares clients of the official SDKs, connected directly and through the replicas, over Streamable HTTP and HTTP+SSE:`,
    '',
    line(['clients of every kind at …', ...parity.map(({ count }) => `${count} replicas`)]),
    line(['---', ...parity.map(() => '---')]),
    ...Object.keys(PARTS).map((part, at) => line([part, ...parity.map(({ figures }) => cell(figures[at]))])),
    line(['all', ...parity.map(cell)]),
    '',
    `The official conformance suite ${suiteVersion()}, scenarios that passed of those that the suite has, with three replicas. In each column it is what passes with one process ([conformance.md](conformance.md)):`,
    '',
    line(['revision', ...ways.map((way) => baseOf(way))]),
    line(['---', ...ways.map(() => '---')]),
    ...specs.map((spec) => line([spec, ...ways.map((way) => share(spec, way))])),
  ].join('\n');
}

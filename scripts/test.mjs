// `npm test [-- vitest arguments] [-- --no-conformance] [-- --node MAJOR]`: the tests, then the conformance gate. The
// last line is `N passed, N failed`; the gate counts as one test. Failed tests are named once more before it, where the
// end of a long log shows them. With --node, vitest, the gate, and every program they start run under that Node.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeOf } from './nodes.mjs';
import { installPeers } from './peers.mjs';
import { root, show, toolOf } from './run.mjs';
import { ready } from './setup.mjs';

const GATE = 'test/conformance/gate.mjs';

const { major, rest } = chosenNode(process.argv.slice(2));
const args = rest.filter((arg) => arg !== '--no-conformance');
const wantsGate = rest.length === args.length && existsSync(path.join(root, GATE));
// A developer who names files or tests waits for those, not for the conformance suite.
const isNarrowed = args.some((arg) => !arg.startsWith('-') || arg.startsWith('--testNamePattern'));

await ready();
const node = major === undefined ? process.execPath : await nodeOf(major).catch(fail);
for (const line of await installPeers()) process.stderr.write(`${line}\n`);

const { code, passed, failed, named } = await runVitest();
let [exitCode, passes, failures] = [code, passed, failed];

if (wantsGate && isNarrowed) {
  process.stdout.write('conformance gate: not run with a part of the tests; `npm run conformance` runs it\n');
} else if (wantsGate) {
  const isHeld = (await show([node, GATE])) === 0;
  process.stdout.write(`conformance gate: ${isHeld ? 'ok' : 'FAILED'}\n`);
  if (isHeld) passes += 1;
  else failures += 1;
  if (!isHeld) exitCode ||= 1;
}

for (const line of named) process.stdout.write(`${line}\n`);
process.stdout.write(`${passes} passed, ${failures} failed\n`);
process.exitCode = exitCode;

/**
 * Takes `--node 24` or `--node=24` out of the arguments.
 * @param {string[]} given
 */
function chosenNode(given) {
  const at = given.findIndex((arg) => arg === '--node' || arg.startsWith('--node='));
  if (at === -1) return { major: undefined, rest: given };
  const [, inline] = given[at].split('=');
  const major = inline ?? given[at + 1] ?? '';
  if (!/^[1-9]\d*$/.test(major)) fail(new Error(`invalid value for --node: ${JSON.stringify(major)}; use --node 24`));
  return { major, rest: given.toSpliced(at, inline === undefined ? 2 : 1) };
}

/** @param {Error} error @returns {never} */
function fail(error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

async function runVitest() {
  const folder = mkdtempSync(path.join(tmpdir(), 'mcp-proxy-test-'));
  const report = path.join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await show([node, toolOf('vitest'), 'run', ...reporters, ...args]);
    return { code, ...count(report, code) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A file that could not be loaded contains no failed test, and errors outside of tests belong to none. So each such
 * file, and a run that failed for no counted reason, is one failure.
 * @param {string} report @param {number} code
 */
function count(report, code) {
  if (!existsSync(report)) return { passed: 0, failed: 1, named: ['FAILED: vitest wrote no report'] };
  const { numPassedTests: passed, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  /** @type {string[]} */
  const named = [];
  for (const { name, status, message, assertionResults } of testResults) {
    const file = path.relative(root, name);
    const inside = assertionResults.filter((/** @type {{ status: string }} */ test) => test.status === 'failed');
    for (const { fullName, failureMessages } of inside)
      named.push(failure(`${file} > ${fullName}`, failureMessages[0]));
    if (inside.length === 0 && status === 'failed') named.push(failure(file, message));
  }
  if (named.length === 0 && code !== 0) named.push('FAILED: an error outside of the tests; see above');
  return { passed, failed: named.length, named };
}

/** @param {string} what @param {string | undefined} message */
function failure(what, message = '') {
  return [
    `FAILED: ${what}`,
    ...message
      .split('\n')
      .slice(0, 12)
      .map((line) => `    ${line.slice(0, 300)}`),
  ].join('\n');
}

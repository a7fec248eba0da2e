#!/usr/bin/env node
// Runs exactly what must pass, in client mode (expected.json) and in server mode (expected-server.json), and fails
// when any of it does not, or when the lists themselves are wrong: a scenario in no list, an exemption without a
// reason, an entry the suite no longer has.
//   --mode client|server   only this one
//   --mode replicas        server mode with three replicas of the proxy behind nginx
//   --all                  client mode: also runs what waits, and names what passes already
//   --write-docs           writes docs/conformance.md from what was seen; needs both modes
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { clientGate } from './lib/client-gate.mjs';
import { writeDocs } from './lib/docs.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { newRunFolder } from './lib/project.mjs';
import { replicasGate, serverGate } from './lib/server-gate.mjs';
import { suiteVersion } from './lib/suite.mjs';

const GATES = { server: serverGate, client: clientGate };
/** Runs only when it is named. */
const OTHER_GATES = { replicas: replicasGate };

const { values: options } = parseArgs({
  options: {
    mode: { type: 'string' },
    all: { type: 'boolean', default: false },
    'write-docs': { type: 'boolean', default: false },
  },
});
if (options.mode !== undefined && !Object.hasOwn({ ...GATES, ...OTHER_GATES }, options.mode)) {
  console.error(`--mode client, --mode server or --mode replicas, not ${JSON.stringify(options.mode)}`);
  process.exit(2);
}
if (options['write-docs'] && options.mode) {
  console.error('--write-docs needs both modes: leave out --mode');
  process.exit(2);
}

ensureInstalled();
const folder = newRunFolder();
console.log(`conformance: suite ${suiteVersion()}, through the proxy`);
const seen = {};
const chosen = options.mode ? [options.mode] : Object.keys(GATES);
for (const mode of chosen) {
  const gate = GATES[mode] ?? OTHER_GATES[mode];
  console.log('');
  seen[mode] = await gate({ folder, all: options.all });
}

const failed = Object.values(seen).flatMap((result) => result.failed);
const problems = Object.values(seen).flatMap((result) => result.problems);
if (failed.length > 0) console.log('\nmust pass, and does not:');
for (const line of failed) console.log(`  ${line}`);
if (problems.length > 0) console.log('\nwrong in the lists, or without a proxy:');
for (const line of problems) console.log(`  ${line}`);

if (options['write-docs']) console.log(`\nwrote ${writeDocs(seen)}`);
const bad = failed.length + problems.length;
if (bad > 0) console.log(`\nrecorded in ${folder}`);
else fs.rmSync(folder, { recursive: true, force: true });
const passed = (seen.server?.passed ?? 0) + (seen.replicas?.passed ?? 0) + (seen.client?.rows.filter(({ status }) => status === 'PASS').length ?? 0);
console.log(`\nconformance: ${passed} passed, ${bad} failed`);
process.exit(bad > 0 || passed === 0 ? 1 : 0);

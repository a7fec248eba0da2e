// Runs one scenario of the suite and says how it ended.
import fs from 'node:fs';
import path from 'node:path';
import { FOLDER } from './install.mjs';
import { runSuite } from './processes.mjs';

function readChecks(folder) {
  const file = fs
    .readdirSync(folder, { withFileTypes: true, recursive: true })
    .find((entry) => entry.isFile() && entry.name === 'checks.json');
  return file && JSON.parse(fs.readFileSync(path.join(file.parentPath ?? file.path, file.name), 'utf8'));
}

const oneLine = (text) => String(text).replace(/\s+/g, ' ').trim().slice(0, 200);

function verdict({ code, checks, clientError }) {
  const client = clientError && `client: ${oneLine(clientError)}`;
  if (!checks) return { status: 'FAIL', reason: client || 'the suite wrote no result' };
  const failed = checks.find((check) => check.status === 'FAILURE');
  const warned = checks.find((check) => check.status === 'WARNING');
  const worst = failed ?? warned;
  const reason = [worst && oneLine(`${worst.id}: ${worst.errorMessage ?? worst.description}`), client]
    .filter(Boolean)
    .join(' | ');
  if (failed) return { status: 'FAIL', reason };
  // A negative scenario is satisfied by a client that does nothing at all; that proves nothing.
  const proven = checks.some((check) => check.status === 'SUCCESS');
  if (!proven) return { status: 'FAIL', reason: `no check succeeded | ${reason}` };
  // The suite's exit status also holds the host's, except where the suite lets a client end with an error. Here a host
  // that met the error it should meet ends well, and one that waited in vain for any answer never does.
  if (code === 0 && !clientError) return { status: 'PASS', reason: '' };
  if (warned && !clientError) return { status: 'WARN', reason };
  return { status: 'FAIL', reason: `the checks pass, the run does not | ${reason}` };
}

/**
 * Runs `name` at revision `spec` with a host that opens as `inner` says. `command` is the proxy's command line as an
 * array with {URL} in it, or undefined to run without a proxy.
 */
export async function runScenario({ name, spec, inner }, { command, deadline, browserDelay = 0, folder: runs }) {
  const folder = path.join(runs, `${spec}-${inner}`, name.replaceAll('/', '_'));
  // What an earlier run into the same folder left would be judged, and what its proxy remembered would be used.
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const host = `"${process.execPath}" "${path.join(FOLDER, 'host', 'main.mjs')}"`;
  const started = Date.now();
  // Host, suite and run give up in this order, so that the innermost gets to say what it was waiting for.
  const limits = ['--timeout', String(deadline + 10_000), '-o', folder];
  // An extension belongs to no revision, so the suite runs it at a given one only when forced to.
  const choice = ['--scenario', name, '--spec-version', spec, '--force', ...limits];
  const code = await runSuite(['client', '--command', host, ...choice], {
    env: { ...process.env, HARNESS: JSON.stringify({ command, inner, folder, deadline, browserDelay }) },
    limit: deadline + 30_000,
    logFile: path.join(folder, 'suite.log'),
  });
  const checks = readChecks(folder);
  const errorFile = path.join(folder, 'client.error');
  const clientError = fs.existsSync(errorFile) ? fs.readFileSync(errorFile, 'utf8') : '';
  const judged = (checks ?? []).filter((check) => ['SUCCESS', 'FAILURE', 'WARNING'].includes(check.status));
  return {
    name,
    spec,
    inner,
    ...verdict({ code, checks, clientError }),
    passed: judged.filter((check) => check.status === 'SUCCESS').length,
    checks: judged.length,
    seconds: (Date.now() - started) / 1000,
  };
}

// The suite measures in milliseconds when the client comes back.
const measuresTime = ({ name }) => name === 'sse-retry';

/** Runs every one of `cells`, `jobs` at a time, those that measure time alone, and hands each row to `done`. */
export async function runAll(cells, jobs, settings, done) {
  const rows = [];
  const drain = async (queue) => {
    for (let cell = queue.shift(); cell; cell = queue.shift()) {
      const row = await runScenario(cell, settings);
      rows.push(row);
      done(row);
    }
  };
  const together = cells.filter((cell) => !measuresTime(cell));
  await Promise.all(Array.from({ length: jobs }, () => drain(together)));
  await drain(cells.filter(measuresTime));
  return rows;
}

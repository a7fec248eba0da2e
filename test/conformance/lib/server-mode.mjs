// Server mode: the suite is the client, and a server of our own stands behind the proxy.
import fs from 'node:fs';
import path from 'node:path';
import { EXTENSION } from './suite.mjs';
import { runSuite } from './processes.mjs';
import { openWay } from './ways.mjs';

const SCENARIO_MS = 15_000;

/** A row that stands for how a process began or ended, among those that stand for scenarios. */
export const PROCESS = '(process)';

const oneLine = (text) => String(text).replace(/\s+/g, ' ').trim().slice(0, 300);
const told = ({ id, errorMessage, description }) => oneLine(`${id}: ${errorMessage ?? description}`);

// The suite adds this one to everything it has received an answer to, an error too.
const proves = ({ status, id }) => status === 'SUCCESS' && id !== 'wire-schema-valid';

function verdict(checks) {
  const failed = checks.find(({ status }) => status === 'FAILURE');
  if (failed) return { status: 'FAIL', reason: told(failed) };
  const warned = checks.find(({ status }) => status === 'WARNING');
  if (warned) return { status: 'WARN', reason: told(warned) };
  if (checks.some(proves)) return { status: 'PASS', reason: '' };
  const seen = checks.map(({ id, status, details }) => `${id} ${status} ${details?.message ?? ''}`).join('; ');
  return { status: 'NONE', reason: oneLine(`nothing was judged: ${seen}`) };
}

/** The suite names a scenario's folder `server-<scenario>-<time>`. */
function checksOf(folder, name) {
  const wanted = new RegExp(`^server-${name}-\\d{4}-\\d\\d-\\d\\dT`);
  const found = fs.readdirSync(folder).find((entry) => wanted.test(entry));
  const file = found && path.join(folder, found, 'checks.json');
  return file && fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
}

/** Why there is no result: the suite says so in what it prints. */
function lamentOf(logFile, name) {
  const log = fs.readFileSync(logFile, 'utf8');
  const [, said] = log.split(`Failed to run scenario ${name}:`);
  if (said) return oneLine(said);
  return log.includes(`=== Running scenario: ${name} ===`) ? 'no result in time' : 'not reached';
}

/**
 * Runs `scenarios` at `spec` on one way; one server behind and one proxy serve them all, as they serve all clients.
 * `narrowed` says that these are not all that the suite has for this revision.
 */
async function runWay({ spec, way, scenarios, narrowed = spec === EXTENSION }, settings) {
  const folder = path.join(settings.folder, `${spec}-${way}`);
  fs.rmSync(folder, { recursive: true, force: true });
  const row = (name, reason) => ({ name, spec, way, status: 'FAIL', reason, succeeded: [], checks: 0 });
  const revision = spec === EXTENSION ? [] : ['--spec-version', spec];
  let opened;
  try {
    opened = await openWay({ spec, way }, { command: settings.command, folder });
  } catch (error) {
    return [row(PROCESS, oneLine(error.message)), ...scenarios.map((name) => row(name, 'never started'))];
  }

  // One process for all scenarios where that is possible: starting the suite takes longer than most of them.
  const batches = narrowed ? scenarios.map((name) => [name]) : [scenarios];
  const logs = new Map();
  for (const names of batches) {
    const logFile = path.join(folder, narrowed ? `suite-${names[0]}.log` : 'suite.log');
    for (const name of names) logs.set(name, logFile);
    const choice = narrowed ? ['--scenario', names[0]] : ['--suite', 'all'];
    const limits = ['--timeout', String(SCENARIO_MS), '-o', folder];
    await runSuite(['server', '--url', opened.url, ...choice, ...revision, ...limits], {
      limit: settings.limit,
      logFile,
    });
  }
  const fault = await opened.stop();

  const rows = scenarios.map((name) => {
    const checks = checksOf(folder, name);
    if (!checks) return row(name, lamentOf(logs.get(name), name));
    const judged = checks.filter(({ status }) => ['SUCCESS', 'FAILURE', 'WARNING'].includes(status));
    const succeeded = judged.filter(({ status }) => status === 'SUCCESS').map(({ id }) => id);
    return { name, spec, way, ...verdict(checks), succeeded, checks: judged.length };
  });
  return fault ? [row(PROCESS, fault), ...rows] : rows;
}

/** Every one of `runs`, `jobs` at a time; hands each to `done` when it is over. */
export async function runWays(runs, jobs, settings) {
  const queue = [...runs];
  const rows = [];
  const drain = async () => {
    for (let run = queue.shift(); run; run = queue.shift()) {
      const started = Date.now();
      const its = await runWay(run, settings);
      settings.done?.({ ...run, rows: its, seconds: (Date.now() - started) / 1000 });
      rows.push(...its);
    }
  };
  await Promise.all(Array.from({ length: jobs }, drain));
  return rows;
}

/** The checks that succeeded without the proxy and were not even made with it, for each row that lost some. */
export function lostChecks(rows, reference) {
  return rows.flatMap((row) => {
    const without = reference.find(({ name, spec }) => name === row.name && spec === row.spec);
    const lost = (without?.succeeded ?? []).filter((id) => !row.succeeded.includes(id));
    return lost.length > 0 ? [{ ...row, lost: [...new Set(lost)] }] : [];
  });
}

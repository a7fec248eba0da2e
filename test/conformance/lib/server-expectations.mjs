// expected-server.json: every server scenario must pass on every way, but for those it names, with a reason each.
import fs from 'node:fs';
import path from 'node:path';
import { exemption } from './expectations.mjs';
import { FOLDER } from './install.mjs';
import { baseOf, DIRECT, THROUGH } from './ways.mjs';

export const readExpectedServer = () => JSON.parse(fs.readFileSync(path.join(FOLDER, 'expected-server.json'), 'utf8'));

/** A cell for each scenario at each revision it is run at, and each way. */
export function serverCells(scenarios, through = THROUGH) {
  return scenarios.flatMap(({ name, specs }) =>
    specs.flatMap((spec) => [DIRECT, ...through].map((way) => ({ name, spec, way }))),
  );
}

/** What is to be run for these cells: [{ spec, way, scenarios }]. What has no reference is left out. */
export function runsOf(expected, cells) {
  const runs = new Map();
  for (const { name, spec, way } of cells) {
    if (exemption(expected, { name, spec, way: DIRECT })) continue;
    const key = `${spec} ${way}`;
    if (!runs.has(key)) runs.set(key, { spec, way, scenarios: [] });
    runs.get(key).scenarios.push(name);
  }
  // The longest first, so that none of them is left for the end.
  return [...runs.values()].sort((a, b) => b.scenarios.length - a.scenarios.length);
}

/** Why a row need not pass; several replicas are excused what one process is. */
export const serverExemption = (expected, row) => exemption(expected, { ...row, way: baseOf(row.way) });

export const serverLabel = ({ name, spec, way }) => `${spec} ${way} ${name}`;

// expected.json: which cells (scenario × revision × way the host opens) must pass, which wait and why, and which
// say nothing about a proxy.
import fs from 'node:fs';
import path from 'node:path';
import { FOLDER } from './install.mjs';

export const SPECS = ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'];
export const INNERS = ['legacy', 'modern', 'sibling', 'pin'];

export const readExpected = () => JSON.parse(fs.readFileSync(path.join(FOLDER, 'expected.json'), 'utf8'));

/** A cell for each scenario at each revision it is run at, and each way a host opens. */
export function cellsOf(scenarios) {
  return scenarios.flatMap(({ name, specs }) =>
    specs.flatMap((spec) => INNERS.map((inner) => ({ name, spec, inner }))),
  );
}

export const label = ({ name, spec, inner }) => `${spec} ${inner} ${name}`;

const covers = (wanted, value) => wanted === undefined || [wanted].flat().includes(value);

function matches(entry, { name, spec, inner, way }) {
  const prefix = entry.scenario?.endsWith?.('*') ? entry.scenario.slice(0, -1) : undefined;
  const named = prefix === undefined ? covers(entry.scenario, name) : name.startsWith(prefix);
  return named && covers(entry.spec, spec) && covers(entry.inner, inner) && covers(entry.way, way);
}

export const mustPass = (expected, { name, spec, inner }) => expected.pass[spec]?.[name]?.includes(inner) ?? false;

/** The entry that says why this cell waits, or why it does not count; for cells of either mode. */
export function exemption(expected, cell) {
  const waiting = expected.waiting.find((entry) => matches(entry, cell));
  if (waiting) return { kind: 'waiting', reason: waiting.reason };
  const outside = expected.outside.find((entry) => matches(entry, cell));
  return outside && { kind: 'outside', reason: outside.reason };
}

/** What is wrong with the entries that exempt cells of either mode, as readable lines. */
export function auditExemptions(expected, cells) {
  const problems = [];
  for (const list of ['waiting', 'outside']) {
    for (const entry of expected[list]) {
      const { reason, ...selector } = entry;
      const shown = `${list} ${JSON.stringify(selector)}`;
      if (typeof reason !== 'string' || reason.trim() === '') problems.push(`${shown}: gives no reason`);
      for (const scenario of [entry.scenario].flat()) {
        const used = cells.some((cell) => matches({ ...entry, scenario }, cell));
        if (!used) problems.push(`${shown}: the suite has nothing that ${scenario ?? 'this'} names`);
      }
    }
  }
  return problems;
}

/** Everything wrong with the lists themselves, as readable lines. */
export function audit(expected, cells) {
  const problems = [];
  const known = new Set(cells.map(label));
  for (const [spec, scenarios] of Object.entries(expected.pass)) {
    for (const [name, inners] of Object.entries(scenarios)) {
      for (const inner of inners) {
        const cell = { name, spec, inner };
        if (!known.has(label(cell))) problems.push(`${label(cell)}: must pass, but the suite has no such scenario`);
      }
    }
  }
  problems.push(...auditExemptions(expected, cells));
  for (const cell of cells) {
    const exempt = exemption(expected, cell);
    if (mustPass(expected, cell) && exempt) problems.push(`${label(cell)}: both must pass and is ${exempt.kind}`);
    if (!mustPass(expected, cell) && !exempt) problems.push(`${label(cell)}: in no list of expected.json`);
  }
  return problems;
}

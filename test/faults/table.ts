// The matrix as the tables of docs/reliability.md: one for each kind of server.
import { type Cell, cells, expected, isInEveryRun, PHASES, type Phase, UPSTREAMS, type Upstream } from './cells.ts';
import { FAULTS } from './faults.ts';

const TITLES: Readonly<Record<Upstream, string>> = {
  streamable: 'Streamable HTTP with sessions (2025-11-25)',
  stateless: 'Streamable HTTP of 2026-07-28',
  sse: 'HTTP+SSE (2024-11-05)',
  stdio: 'a local server of 2025-11-25, on its standard input and output',
  'modern stdio': 'a local server of 2026-07-28, on its standard input and output',
};

/** What the request that meets the fault gets, over all fronts and eras of clients. */
function outcomeOf(group: readonly Cell[]): string {
  const kinds = new Set(group.map((cell) => expected(cell).kind));
  if (kinds.size === 0) return '';
  if (kinds.size > 1 || kinds.has('any')) return 'result or error';
  return kinds.has('result') ? 'result' : 'error';
}

/** A table for people: rows are faults, columns are phases. */
function tableOf(upstream: Upstream, all: readonly Cell[]): string {
  const own = all.filter((cell) => cell.upstream === upstream);
  const phases = PHASES.filter((phase) => own.some((cell) => cell.phase === phase));
  const cellsOf = (fault: string, phase: Phase): Cell[] =>
    own.filter((cell) => cell.fault === fault && cell.phase === phase);
  const rows = [...FAULTS.keys()]
    .filter((fault) => own.some((cell) => cell.fault === fault))
    .map((fault) => [fault, ...phases.map((phase) => outcomeOf(cellsOf(fault, phase)))]);
  const lines = [['fault', ...phases], ['fault', ...phases].map(() => '---'), ...rows];
  const text = lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
  return `### Server: ${TITLES[upstream]}\n\n${own.length} cells.\n\n${text}`;
}

/** The generated part of the page. */
export function matrixText(): string {
  const all = cells();
  const tables = UPSTREAMS.map((upstream) => tableOf(upstream, all));
  const [whole, every] = [all, all.filter(isInEveryRun)].map(({ length }) => length.toLocaleString('en'));
  const counts = `The matrix has ${whole} cells. \`npm test\` plays ${every} of them, \`npm run reliability\` all.`;
  return [counts, ...tables].join('\n\n');
}

// The figures as text: one table of rows and cells, laid out for a terminal or as Markdown.
import { FLOOR } from './contestants.mjs';

const number = (value, digits) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function cell(results, { id, digits }, contestant) {
  const value = results.median(id, contestant);
  if (value !== undefined) {
    const ratio = contestant === FLOOR ? undefined : results.ratio(id, contestant, FLOOR);
    return ratio === undefined ? number(value, digits) : `${number(value, digits)} (${number(ratio, 2)}×)`;
  }
  const [reason] = results.failures(id, contestant);
  if (reason !== undefined) return reason === 'not built' ? reason : 'failed';
  return results.measured(id, contestant) ? 'n/a' : '–';
}

export function table(results, metrics, contestants) {
  const head = ['', ...contestants];
  const rows = metrics.map((metric) => [
    metric.unit ? `${metric.title}, ${metric.unit}` : metric.title,
    ...contestants.map((name) => cell(results, metric, name)),
  ]);
  return { head, rows };
}

export function asText({ head, rows }) {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => row.map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  ');
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

export function asMarkdown({ head, rows }) {
  const line = (row) => `| ${row.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** One line for each contestant and reason: which metrics failed, and in how many rounds. */
export function failures(results, metrics, contestants) {
  const lines = new Map();
  for (const name of contestants) {
    for (const { id, title } of metrics) {
      const reasons = results.failures(id, name);
      if (reasons.length === 0 || reasons[0] === 'not built') continue;
      const key = `${name}: failed: ${reasons[0].slice(0, 200)}`;
      lines.set(key, [...(lines.get(key) ?? []), title]);
    }
  }
  return [...lines].map(([key, titles]) => `${key} (${titles.join('; ')})`);
}

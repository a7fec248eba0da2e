// What this project promises, and whether a run kept it.
import { FLOOR, IN_FILE, JOINED, NAMESAKE, OURS, OVER_HTTP, SIGNED_IN } from './contestants.mjs';

const budgets = [
  { what: 'spawn → initialize answer', metric: 'start', max: 1.5, of: FLOOR },
  { what: 'spawn → initialize answer', metric: 'start', max: 0.3, of: 'mcp-remote' },
  { what: 'p50 of a call', metric: 'p50', max: 1.25, of: FLOOR },
  { what: 'p50 of the first 200 calls', metric: 'first', max: 1.15, of: FLOOR },
  { what: 'CPU a call, 32 in flight', metric: 'cpu', max: 1.5, of: FLOOR },
  { what: 'p50 of a call with a stored token', metric: 'p50', max: 1.1, of: OURS, who: SIGNED_IN },
  { what: 'CPU a call with a stored token', metric: 'cpu', max: 1.1, of: OURS, who: SIGNED_IN },
  { what: '2 MiB result, JSON', metric: 'largeJson', max: 1.3, of: FLOOR },
  { what: '2 MiB result, SSE', metric: 'largeSse', max: 1.3, of: FLOOR },
  { what: 'resident memory after load', metric: 'rssLoaded', max: 1.3, of: FLOOR },
  { what: 'resident memory, idle, × a Node that does nothing', metric: 'idle', max: 1.1 },
  { what: 'resident memory after load and a minute of rest, × idle', metric: 'rested', max: 1.3 },
  { what: 'requests before the first call, 2025-11-25', metric: 'requestsLegacy', max: 2 },
  { what: 'requests before the first call, 2026-07-28', metric: 'requestsModern', max: 1 },
  { what: 'peak memory for a 16 MiB result, JSON', metric: 'peakJson', max: 3 },
  { what: 'peak memory for a 16 MiB result, SSE', metric: 'peakSse', max: 3 },
  { what: 'calls a second, 32 HTTP clients', metric: 'httpRate', min: 0.85, of: FLOOR },
  { what: 'CPU a call, 32 HTTP clients', metric: 'httpCpu', max: 1.3, of: FLOOR },
  { what: 'CPU a call, 32 HTTP clients', metric: 'httpCpu', max: 1 / 3, of: NAMESAKE },
  { what: 'CPU a call, 32 HTTP clients', metric: 'httpCpu', max: 1 / 3, of: 'supergateway' },
  { what: 'CPU a call, a client of 2025-11-25, a server of 2026-07-28', metric: 'upCpu', max: 2, of: FLOOR },
  { what: 'CPU a call, clients of 2026-07-28, a server of 2025-11-25', metric: 'downCpu', max: 2, of: FLOOR },
  { what: 'CPU a call, local server', metric: 'localCallCpu', max: 1.3, of: FLOOR },
  { what: 'CPU a call, 32 HTTP clients, local server', metric: 'localHttpCpu', max: 0.35, of: NAMESAKE },
  { what: 'CPU a call, 32 HTTP clients, local server', metric: 'localHttpCpu', max: 0.35, of: 'supergateway' },
  { what: 'resident memory, 32 HTTP clients, local server', metric: 'localHttpRss', max: 1.2, of: OVER_HTTP },
  { what: 'CPU a call, the only server of a file', metric: 'severalCpu', max: 1.05, of: OURS, who: IN_FILE },
  { what: 'CPU a call, one of twelve joined servers', metric: 'severalCpu', max: 1.15, of: OURS, who: JOINED },
  { what: 'published package', metric: 'unpacked', max: 700 },
  { what: 'files that a start loads', metric: 'loaded', max: 150 },
  { what: 'dependencies', metric: 'dependencies', max: 0 },
];

const number = (value, digits) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function judge(results, { what, metric, min, max, of, who = OURS }) {
  const { unit, digits } = results.metrics.find(({ id }) => id === metric) ?? {};
  const bound = `${min === undefined ? '≤' : '≥'} ${(min ?? max).toLocaleString('en-US', { maximumFractionDigits: 2 })}`;
  const limit = of ? `${bound} × ${of}` : `${bound}${unit ? ` ${unit}` : ''}`;
  const text = `${what} ${limit}`;
  const value = results.median(metric, who);
  const base = of && results.median(metric, of);
  if (value === undefined) {
    const [reason] = results.failures(metric, who);
    if (reason !== undefined && reason !== 'not built')
      return { verdict: 'MISSED', text, figures: `failed: ${reason}` };
    return { verdict: 'not measured', text, figures: reason ?? '' };
  }
  if (of && base === undefined) return { verdict: 'not measured', text, figures: `no figure of ${of}` };
  const compared = of ? results.ratio(metric, who, of) : value;
  const lost = results.failures(metric, who).length;
  const measured = of
    ? `${number(compared, 2)} × (${number(value, digits)} against ${number(base, digits)} ${unit})`
    : `${number(value, digits)}${unit ? ` ${unit}` : ''}`;
  const figures = lost ? `${measured}, ${lost} ${lost === 1 ? 'round' : 'rounds'} failed` : measured;
  const seen = results.details[metric]?.[who];
  const kept = min === undefined ? compared <= max : compared >= min;
  return { verdict: kept ? 'ok' : 'MISSED', text, figures: !kept && seen ? `${figures}: ${seen.join(', ')}` : figures };
}

export function judgeAll(results) {
  return budgets
    .filter(({ metric }) => results.metrics.some(({ id }) => id === metric))
    .map((budget) => judge(results, budget));
}

/** Metrics for operators, in the format of Prometheus. Labels have values of closed sets only. */
import type { Meter } from '../../../core/ports.ts';
import type { ErrorCode } from '../../../errors.ts';
import { knownPath } from '../paths.ts';
import { EXPOSITION_TYPE, exposition, type Family } from './exposition.ts';
import { Histogram, Pairs } from './tally.ts';

/** Read at each scrape. */
export interface Gauges {
  /** The open sessions of clients. */
  readonly sessions: () => number;
  /** The open streams to clients. */
  readonly streams: () => number;
}

export interface Metrics {
  /** Counts under the name of a server. */
  meterOf(server: string): Meter;
  /** The proxy has sent one HTTP response to a request with this URL, in origin form. */
  response(url: string | undefined, status: number): void;
  /** The requests to a server that are over, and those of them that the server or the way to it has failed. */
  totalsOf(server: string): { readonly requests: number; readonly failed: number };
  /** All metrics in the text format of Prometheus, and its media type. */
  text(): { readonly type: string; readonly body: string };
}

/** Errors of the server or the connection to it, not of the client. */
const UPSTREAM_ERRORS = [
  'unreachable',
  'timeout',
  'failed',
  'unauthorized',
  'sign-in-needed',
  'no-sign-in',
  'no-common-version',
  'bad-result',
] as const satisfies readonly ErrorCode[];
const COUNTED_ERRORS: ReadonlySet<string> = new Set(UPSTREAM_ERRORS);

/** Whether the server, or the way to it, has failed a request that ended like this. */
export function isFailure(outcome: string): boolean {
  return COUNTED_ERRORS.has(outcome);
}

/** Whether the status page counts requests of a method. Subscriptions are open for as long as their clients want. */
export function isCounted(method: string): boolean {
  return method !== 'subscriptions/listen';
}

/** Seconds. Tools may work for minutes. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createMetrics({ sessions, streams }: Gauges): Metrics {
  const requests = new Map<string, Pairs<string>>();
  const durations = new Histogram({
    name: 'mcp_proxy_request_duration_seconds',
    help: 'Time from a request of a client to its answer.',
    buckets: BUCKETS,
  });
  const failures = new Pairs<string>();
  const refreshes = new Map<string, number>();
  const responses = new Pairs<number>();
  const families = [
    requestCounts(requests),
    durations.family(),
    gauge('mcp_proxy_sessions', 'Sessions of clients that are open.', sessions),
    gauge('mcp_proxy_streams', 'Streams to clients that are open.', streams),
    failureCounts(failures),
    refreshCounts(refreshes),
    responseCounts(responses),
  ];
  const refreshed = (server: string, more: number): void => {
    refreshes.set(server, (refreshes.get(server) ?? 0) + more);
  };
  return {
    meterOf(server) {
      // If a counter appears only with the first error, no rate shows that error.
      for (const code of UPSTREAM_ERRORS) failures.add(server, code, 0);
      refreshed(server, 0);
      const outcomes = requests.get(server) ?? new Pairs<string>();
      requests.set(server, outcomes);
      const observe = durations.of({ server }, 'method');
      return {
        exchange(method, outcome, seconds) {
          outcomes.add(method, outcome);
          observe(method, seconds);
          if (isFailure(outcome)) failures.add(server, outcome);
        },
        refreshed: () => refreshed(server, 1),
      };
    },
    response(url, status) {
      responses.add(knownPath(url), status);
    },
    totalsOf(server) {
      const all = (requests.get(server)?.all() ?? []).filter(([method]) => isCounted(method));
      const sum = (counted: typeof all): number => counted.reduce((total, [, , count]) => total + count, 0);
      return { requests: sum(all), failed: sum(all.filter(([, outcome]) => isFailure(outcome))) };
    },
    text: () => ({ type: EXPOSITION_TYPE, body: exposition(families) }),
  };
}

function gauge(name: string, help: string, value: () => number): Family {
  return { name, help, type: 'gauge', samples: () => [{ value: value() }] };
}

function requestCounts(counted: ReadonlyMap<string, Pairs<string>>): Family {
  return {
    name: 'mcp_proxy_requests_total',
    help: 'Requests of clients that are over, by server, method and outcome.',
    type: 'counter',
    samples: () =>
      [...counted].flatMap(([server, pairs]) =>
        pairs.all().map(([method, outcome, value]) => ({ labels: { server, method, outcome }, value })),
      ),
  };
}

function failureCounts(counted: Pairs<string>): Family {
  return {
    name: 'mcp_proxy_upstream_errors_total',
    help: 'Requests that failed at the server or on the way to it, by server and the code of the error.',
    type: 'counter',
    samples: () => counted.all().map(([server, code, value]) => ({ labels: { server, code }, value })),
  };
}

function refreshCounts(counted: ReadonlyMap<string, number>): Family {
  return {
    name: 'mcp_proxy_token_refreshes_total',
    help: 'Token refreshes, by server.',
    type: 'counter',
    samples: () => [...counted].map(([server, value]) => ({ labels: { server }, value })),
  };
}

function responseCounts(counted: Pairs<number>): Family {
  return {
    name: 'mcp_proxy_http_responses_total',
    help: 'HTTP responses to clients, by path and status.',
    type: 'counter',
    samples: () => counted.all().map(([path, status, value]) => ({ labels: { path, status }, value })),
  };
}

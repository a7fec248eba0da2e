/** Metrics for operators, in the format of Prometheus. Labels have values of closed sets only. */
import type { Metric } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Registry from 'prom-client/lib/registry.js';
import type { Meter } from '../../../core/ports.ts';
import type { ErrorCode } from '../../../errors.ts';
import { knownPath } from '../paths.ts';
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
  /** All metrics in the text format of Prometheus, and its media type. Never rejects. */
  text(): Promise<{ readonly type: string; readonly body: string }>;
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

/** Seconds. Tools may work for minutes. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createMetrics({ sessions, streams }: Gauges): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = requestCounts(registry);
  const durations = new Histogram({
    name: 'mcp_proxy_request_duration_seconds',
    help: 'Time from a request of a client to its answer.',
    buckets: BUCKETS,
  });
  registry.registerMetric(durations as unknown as Metric);
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  gauge('mcp_proxy_sessions', 'Sessions of clients that are open.', sessions);
  gauge('mcp_proxy_streams', 'Streams to clients that are open.', streams);
  const failures = new Counter({
    name: 'mcp_proxy_upstream_errors_total',
    help: 'Requests that failed at the server or on the way to it, by server and the code of the error.',
    labelNames: ['server', 'code'],
    registers,
  });
  const refreshes = new Counter({
    name: 'mcp_proxy_token_refreshes_total',
    help: 'Token refreshes, by server.',
    labelNames: ['server'],
    registers,
  });
  const responses = responseCounts(registry);
  return {
    meterOf(server) {
      // If a counter appears only with the first error, no rate shows that error.
      for (const code of UPSTREAM_ERRORS) failures.inc({ server, code }, 0);
      refreshes.inc({ server }, 0);
      const outcomes = requests(server);
      const observe = durations.of({ server }, 'method');
      return {
        exchange(method, outcome, seconds) {
          outcomes.add(method, outcome);
          observe(method, seconds);
          if (COUNTED_ERRORS.has(outcome)) failures.inc({ server, code: outcome });
        },
        refreshed: () => refreshes.inc({ server }),
      };
    },
    response(url, status) {
      responses.add(knownPath(url), status);
    },
    async text() {
      return { type: registry.contentType, body: await registry.metrics() };
    },
  };
}

/** Counts methods and outcomes of requests, for each server. */
function requestCounts(registry: Registry): (server: string) => Pairs<string> {
  const all = new Map<string, Pairs<string>>();
  new Counter({
    name: 'mcp_proxy_requests_total',
    help: 'Requests of clients that are over, by server, method and outcome.',
    labelNames: ['server', 'method', 'outcome'],
    registers: [registry],
    collect() {
      for (const [server, counted] of all)
        counted.drain((method, outcome, count) => this.inc({ server, method, outcome }, count));
    },
  });
  return (server) => {
    const counted = all.get(server) ?? new Pairs<string>();
    all.set(server, counted);
    return counted;
  };
}

/** Counts paths and statuses of responses. */
function responseCounts(registry: Registry): Pairs<number> {
  const counted = new Pairs<number>();
  new Counter({
    name: 'mcp_proxy_http_responses_total',
    help: 'HTTP responses to clients, by path and status.',
    labelNames: ['path', 'status'],
    registers: [registry],
    collect() {
      counted.drain((path, status, count) => this.inc({ path, status }, count));
    },
  });
  return counted;
}

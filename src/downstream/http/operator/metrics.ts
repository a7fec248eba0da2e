/** Metrics for operators, in the format of Prometheus. Labels have values of closed sets only. */
import type { Metric } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Registry from 'prom-client/lib/registry.js';
import type { Meter } from '../../../core/ports.ts';
import type { ErrorCode } from '../../../errors.ts';
import { LabelledHistogram, Pairs } from './tally.ts';

/** Read at each scrape. */
export interface Gauges {
  /** The open sessions of clients. */
  readonly sessions: () => number;
  /** The open streams to clients. */
  readonly streams: () => number;
}

export interface Metrics extends Meter {
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

const PATHS: ReadonlySet<string> = new Set(['/mcp', '/sse', '/message', '/healthz', '/readyz', '/metrics']);

/** Seconds. Tools may work for minutes. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createMetrics({ sessions, streams }: Gauges): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Pairs<string>();
  new Counter({
    name: 'mcp_proxy_requests_total',
    help: 'Requests of clients that are over, by method and outcome.',
    labelNames: ['method', 'outcome'],
    registers,
    collect() {
      requests.drain((method, outcome, count) => this.inc({ method, outcome }, count));
    },
  });
  const durations = new LabelledHistogram({
    name: 'mcp_proxy_request_duration_seconds',
    help: 'Time from a request of a client to its answer.',
    label: 'method',
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
    help: 'Requests that failed at the server or on the way to it, by the code of the error.',
    labelNames: ['code'],
    registers,
  });
  // If a counter appears only with the first error, no rate shows that error.
  for (const code of UPSTREAM_ERRORS) failures.inc({ code }, 0);
  const renewals = new Counter({
    name: 'mcp_proxy_token_refreshes_total',
    help: 'Times that the tokens for the server were renewed.',
    registers,
  });
  const responses = new Pairs<number>();
  new Counter({
    name: 'mcp_proxy_http_responses_total',
    help: 'HTTP responses to clients, by path and status.',
    labelNames: ['path', 'status'],
    registers,
    collect() {
      responses.drain((path, status, count) => this.inc({ path, status }, count));
    },
  });
  return {
    exchange(method, outcome, seconds) {
      requests.add(method, outcome);
      durations.observe(method, seconds);
      if (COUNTED_ERRORS.has(outcome)) failures.inc({ code: outcome });
    },
    response(path, status) {
      responses.add(PATHS.has(path) ? path : 'other', status);
    },
    renewed() {
      renewals.inc();
    },
    async text() {
      return { type: registry.contentType, body: await registry.metrics() };
    },
  };
}

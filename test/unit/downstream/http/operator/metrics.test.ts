import { describe, expect, it } from 'vitest';
import type { Meter } from '../../../../../src/core/ports.ts';
import { createMetrics, type Metrics } from '../../../../../src/downstream/http/operator/metrics.ts';

/** Every sample by its name and labels, as the text format of Prometheus (0.0.4) has it. */
async function samplesOf(metrics: Metrics): Promise<Map<string, number>> {
  const { body } = metrics.text();
  expect(body.endsWith('\n')).toBe(true);
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of body.split('\n').filter(Boolean)) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (type) types.set(type[1] as string, type[2] as string);
    if (line.startsWith('#')) {
      expect(line).toMatch(/^# (TYPE|HELP) mcp_proxy_[a-z_]+ \S/);
      continue;
    }
    const [, name, labels = '', value] = /^([a-z_]+)(\{(?:[a-z]+="[^"\\\n]*",?)+\})? (\S+)$/.exec(line) ?? [];
    expect(name, line).toBeDefined();
    const family = types.get(name as string) ?? types.get((name as string).replace(/_(bucket|sum|count)$/, ''));
    expect(family, line).toBeDefined();
    expect(samples.has(`${name}${labels}`), line).toBe(false);
    samples.set(`${name}${labels}`, Number(value));
  }
  return samples;
}

const metricsOf = (sessions = () => 0, streams = () => 0): Metrics => createMetrics({ sessions, streams });

/** The metrics of a proxy with one server, and its meter. */
function metered(): { metrics: Metrics; meter: Meter } {
  const metrics = metricsOf();
  return { metrics, meter: metrics.meterOf('one') };
}

it('has the media type of the format', () => {
  expect(metricsOf().text().type).toBe('text/plain; version=0.0.4; charset=utf-8');
});

it('before anything has happened, tells of every error that may come', async () => {
  const samples = await samplesOf(metered().metrics);
  expect([...samples.keys()].sort()).toEqual([
    'mcp_proxy_sessions',
    'mcp_proxy_streams',
    'mcp_proxy_token_refreshes_total{server="one"}',
    'mcp_proxy_upstream_errors_total{server="one",code="bad-result"}',
    'mcp_proxy_upstream_errors_total{server="one",code="failed"}',
    'mcp_proxy_upstream_errors_total{server="one",code="no-common-version"}',
    'mcp_proxy_upstream_errors_total{server="one",code="no-sign-in"}',
    'mcp_proxy_upstream_errors_total{server="one",code="sign-in-needed"}',
    'mcp_proxy_upstream_errors_total{server="one",code="timeout"}',
    'mcp_proxy_upstream_errors_total{server="one",code="unauthorized"}',
    'mcp_proxy_upstream_errors_total{server="one",code="unreachable"}',
  ]);
  expect([...samples.values()].every((value) => value === 0)).toBe(true);
});

describe('exchanges', () => {
  it('are counted by method and outcome', async () => {
    const { metrics, meter } = metered();
    meter.exchange('tools/call', 'result', 0.1);
    meter.exchange('tools/call', 'result', 0.2);
    meter.exchange('tools/call', 'error', 0.1);
    meter.exchange('other', 'cancelled', 0.1);
    const samples = await samplesOf(metrics);
    expect(samples.get('mcp_proxy_requests_total{server="one",method="tools/call",outcome="result"}')).toBe(2);
    expect(samples.get('mcp_proxy_requests_total{server="one",method="tools/call",outcome="error"}')).toBe(1);
    expect(samples.get('mcp_proxy_requests_total{server="one",method="other",outcome="cancelled"}')).toBe(1);
  });

  it('have durations that are told apart from milliseconds to minutes', async () => {
    const { metrics, meter } = metered();
    const seconds = [0.001, 0.02, 3, 45, 200, 1_000];
    for (const each of seconds) meter.exchange('tools/call', 'result', each);
    const samples = await samplesOf(metrics);
    const upTo = (le: string): number | undefined =>
      samples.get(`mcp_proxy_request_duration_seconds_bucket{le="${le}",server="one",method="tools/call"}`);
    expect(['0.005', '0.025', '5', '60', '300', '+Inf'].map(upTo)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(samples.get('mcp_proxy_request_duration_seconds_count{server="one",method="tools/call"}')).toBe(6);
    const total = seconds.reduce((sum, each) => sum + each, 0);
    expect(samples.get('mcp_proxy_request_duration_seconds_sum{server="one",method="tools/call"}')).toBeCloseTo(
      total,
      6,
    );
  });

  it.each([
    'unreachable',
    'timeout',
    'failed',
    'unauthorized',
    'sign-in-needed',
    'no-sign-in',
    'no-common-version',
    'bad-result',
  ])('that end with %s are errors upstream', async (code) => {
    const { metrics, meter } = metered();
    meter.exchange('tools/call', code, 1);
    const samples = await samplesOf(metrics);
    const errors = [...samples].filter(([name, value]) => name.includes('upstream_errors') && value > 0);
    expect(errors).toEqual([[`mcp_proxy_upstream_errors_total{server="one",code="${code}"}`, 1]]);
  });

  it.each(['result', 'error', 'cancelled', 'limit', 'invalid-request', 'invalid-params', 'internal'])(
    'that end with %s are none',
    async (outcome) => {
      const { metrics, meter } = metered();
      meter.exchange('tools/call', outcome, 1);
      const samples = await samplesOf(metrics);
      expect([...samples].filter(([name, value]) => name.includes('upstream_errors') && value > 0)).toEqual([]);
    },
  );
});

describe('responses', () => {
  it('are counted by path and status', async () => {
    const metrics = metricsOf();
    for (const path of ['/mcp', '/mcp', '/sse', '/message', '/healthz', '/readyz', '/metrics']) {
      metrics.response(path, 200);
    }
    metrics.response('/mcp', 404);
    const samples = await samplesOf(metrics);
    expect(samples.get('mcp_proxy_http_responses_total{path="/mcp",status="200"}')).toBe(2);
    expect(samples.get('mcp_proxy_http_responses_total{path="/mcp",status="404"}')).toBe(1);
    for (const path of ['/sse', '/message', '/healthz', '/readyz', '/metrics']) {
      expect(samples.get(`mcp_proxy_http_responses_total{path="${path}",status="200"}`)).toBe(1);
    }
  });

  it('to paths that anybody may make up are counted as one', async () => {
    const metrics = metricsOf();
    const before = (await samplesOf(metrics)).size;
    for (const path of [
      '',
      '/',
      '/mcp//',
      '/MCP',
      '/a"\n\\b',
      '__proto__',
      ...Array.from({ length: 50 }, (_, i) => `/${i}`),
    ]) {
      metrics.response(path, 404);
    }
    const samples = await samplesOf(metrics);
    expect(samples.size).toBe(before + 1);
    expect(samples.get('mcp_proxy_http_responses_total{path="other",status="404"}')).toBe(56);
  });
});

it('refreshed tokens are counted', async () => {
  const { metrics, meter } = metered();
  meter.refreshed();
  meter.refreshed();
  expect((await samplesOf(metrics)).get('mcp_proxy_token_refreshes_total{server="one"}')).toBe(2);
});

it('sessions and streams are what they are when somebody asks', async () => {
  let open = 3;
  const metrics = metricsOf(
    () => open,
    () => open * 2,
  );
  const gauges = async (): Promise<(number | undefined)[]> => {
    const samples = await samplesOf(metrics);
    return ['mcp_proxy_sessions', 'mcp_proxy_streams'].map((name) => samples.get(name));
  };
  expect(await gauges()).toEqual([3, 6]);
  open = 0;
  expect(await gauges()).toEqual([0, 0]);
});

it('two proxies in one process do not share numbers', async () => {
  const [one, other] = [metered(), metered()];
  one.meter.refreshed();
  expect((await samplesOf(other.metrics)).get('mcp_proxy_token_refreshes_total{server="one"}')).toBe(0);
});

it('what happens at one server is not counted at another', async () => {
  const { metrics, meter } = metered();
  metrics.meterOf('other');
  meter.exchange('tools/call', 'failed', 1);
  meter.refreshed();
  const happened = [...(await samplesOf(metrics))].filter(([name, value]) => name.includes('_total') && value > 0);
  expect(happened).toEqual([
    ['mcp_proxy_requests_total{server="one",method="tools/call",outcome="failed"}', 1],
    ['mcp_proxy_upstream_errors_total{server="one",code="failed"}', 1],
    ['mcp_proxy_token_refreshes_total{server="one"}', 1],
  ]);
  expect([...(await samplesOf(metrics)).keys()]).toContain('mcp_proxy_token_refreshes_total{server="other"}');
});

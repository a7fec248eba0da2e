// What Prometheus reads: the right numbers, under names that clients cannot influence.
import { describe, expect, it, vi } from 'vitest';
import { startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { WAIT_MS } from '../../../peers/listen.ts';
import { openStream } from '../event-stream.ts';
import { ask, initialize, inSession, modern, openSession, request } from '../exchange.ts';
import { cleanUp } from '../fixture.ts';
import { type Family, parseExposition } from './exposition.ts';

cleanUp();

async function metrics(url: string): Promise<Map<string, Family>> {
  const { status, headers, text } = await ask(url, { path: '/metrics' });
  expect(status).toBe(200);
  expect(headers['content-type']).toMatch(/^text\/plain; *version=0\.0\.4/);
  return parseExposition(text);
}

/** The sum of the samples that have these labels. */
function total(families: Map<string, Family>, name: string, labels: Record<string, string> = {}): number {
  const samples = families.get(name)?.samples ?? [];
  const matching = samples.filter((sample) =>
    Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  return matching.reduce((sum, { value }) => sum + value, 0);
}

it('every metric is there, with its type and a description', async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url);
  const families = await metrics(url);
  const types = Object.fromEntries([...families].map(([name, { type }]) => [name, type]));
  expect(types).toMatchObject({
    mcp_proxy_requests_total: 'counter',
    mcp_proxy_request_duration_seconds: 'histogram',
    mcp_proxy_sessions: 'gauge',
    mcp_proxy_streams: 'gauge',
    mcp_proxy_upstream_errors_total: 'counter',
    mcp_proxy_token_refreshes_total: 'counter',
    mcp_proxy_http_responses_total: 'counter',
  });
  for (const { help } of families.values()) expect(help).toMatch(/\S/);
});

it('events are counted', async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url);
  const session = await openSession(url);
  const headers = inSession(session);
  const post = (body: object): ReturnType<typeof ask> => ask(url, { path: '/mcp', headers, body });
  for (let n = 0; n < 3; n++) await post(request(n, 'tools/list'));
  await post(request(9, 'prompts/get', { name: 'x' }));
  upstream.once('tools/call', a.reset);
  await post(request(10, 'tools/call', { name: 'x', arguments: {} }));
  await ask(url, { path: '/mcp', ...modern('tools/list') });
  await ask(url, { path: '/nowhere' });

  const families = await metrics(url);
  expect(total(families, 'mcp_proxy_requests_total', { method: 'tools/list' })).toBe(4);
  expect(total(families, 'mcp_proxy_requests_total', { server: '127-0-0-1', method: 'tools/list' })).toBe(4);
  expect(total(families, 'mcp_proxy_requests_total', { method: 'tools/list', outcome: 'result' })).toBe(4);
  expect(total(families, 'mcp_proxy_requests_total', { method: 'prompts/get', outcome: 'error' })).toBe(1);
  expect(total(families, 'mcp_proxy_requests_total', { method: 'initialize' })).toBe(1);
  expect(total(families, 'mcp_proxy_upstream_errors_total')).toBe(1);
  expect(total(families, 'mcp_proxy_http_responses_total', { path: 'other', status: '404' })).toBe(1);
  expect(total(families, 'mcp_proxy_http_responses_total', { path: '/mcp', status: '202' })).toBe(1);
  const durations = families.get('mcp_proxy_request_duration_seconds')?.samples ?? [];
  const counts = durations.filter(({ name, labels }) => name.endsWith('_count') && labels.method === 'tools/list');
  expect(counts.map(({ value }) => value)).toEqual([4]);
});

it('sessions and streams are counted while they are open', async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url);
  const gauges = async (): Promise<number[]> => {
    const families = await metrics(url);
    return [total(families, 'mcp_proxy_sessions'), total(families, 'mcp_proxy_streams')];
  };
  expect(await gauges()).toEqual([0, 0]);
  const session = await openSession(url);
  expect(await gauges()).toEqual([1, 0]);
  const stream = await openStream(url, { path: '/mcp', headers: inSession(session) });
  expect(await gauges()).toEqual([1, 1]);
  stream.destroy();
  await vi.waitFor(async () => expect(await gauges()).toEqual([1, 0]), { timeout: WAIT_MS });
  await ask(url, { path: '/mcp', method: 'DELETE', headers: inSession(session) });
  expect(await gauges()).toEqual([0, 0]);
});

it('every number about the server has its name as a label, and numbers about clients have none', async () => {
  const upstream = await startHostile();
  const { hostname, port, pathname } = new URL(upstream.url);
  expect(hostname).toBe('127.0.0.1');
  const secret = `http://user:topsecret@LocalHost:${port}${pathname}?key=topsecret`;
  const { url } = await startServing(secret);
  const session = await openSession(url);
  await ask(url, { path: '/mcp', headers: inSession(session), body: request(1, 'tools/list') });
  const { text } = await ask(url, { path: '/metrics' });
  expect(text).not.toContain('topsecret');
  const servers = [...parseExposition(text)].map(([name, { samples }]) => [
    name,
    [...new Set(samples.map(({ labels }) => labels.server))],
  ]);
  expect(Object.fromEntries(servers)).toEqual({
    mcp_proxy_requests_total: ['localhost'],
    mcp_proxy_request_duration_seconds: ['localhost'],
    mcp_proxy_upstream_errors_total: ['localhost'],
    mcp_proxy_token_refreshes_total: ['localhost'],
    mcp_proxy_sessions: [undefined],
    mcp_proxy_streams: [undefined],
    mcp_proxy_http_responses_total: [undefined],
  });
});

describe('label values come from a closed set', () => {
  const METHODS = /^(other|initialize|ping|[a-z]+\/[a-zA-Z_/]+)$/;
  const INVENTED = [
    'evil',
    '__proto__',
    'a"} 1\nevil{x="',
    'tools/list2',
    'vendor/thing',
    'TOOLS/LIST',
    'x'.repeat(5_000),
  ];

  it('whatever names clients send for methods, paths and tools', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url);
    const session = await openSession(url);
    for (const [n, method] of INVENTED.entries()) {
      await ask(url, { path: '/mcp', headers: inSession(session), body: request(n, method) });
      await ask(url, { path: `/${encodeURIComponent(method)}` });
    }
    for (let n = 0; n < 20; n++)
      await ask(url, {
        path: '/mcp',
        headers: inSession(session),
        body: request(n, 'tools/call', { name: `tool-${n}`, arguments: { password: `secret-${n}` } }),
      });
    await ask(url, { path: '/mcp', method: 'PROPFIND' });
    await ask(url, { path: '/mcp', headers: { host: 'evil.example' }, body: initialize() });

    const { text } = await ask(url, { path: '/metrics' });
    for (const word of ['evil', '__proto__', 'tool-1', 'secret-', 'vendor', 'xxxxx', 'TOOLS', 'list2', session])
      expect(text).not.toContain(word);
    const families = parseExposition(text);
    expect(total(families, 'mcp_proxy_requests_total', { method: 'other' })).toBe(INVENTED.length);
    const allowed: Record<string, RegExp> = {
      server: /^127-0-0-1$/,
      method: METHODS,
      outcome: /^(result|error|cancelled|-?[a-z0-9-]+)$/,
      path: /^(\/mcp|\/sse|\/message|\/healthz|\/readyz|\/metrics|other)$/,
      status: /^[1-5]\d\d$/,
      code: /^-?[a-z0-9-]+$/,
      le: /^(\+Inf|[\d.e-]+)$/,
    };
    for (const { samples } of families.values())
      for (const { name, labels } of samples.filter(({ name }) => name.startsWith('mcp_proxy_')))
        for (const [label, value] of Object.entries(labels))
          expect(value, `${name} ${label}`).toMatch(allowed[label] ?? /^$/);
  });
});

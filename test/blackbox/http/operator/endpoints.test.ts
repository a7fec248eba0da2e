// The paths of HTTP mode: who is served there, what a browser gets, and the name under which the metrics count it.
import { expect, it } from 'vitest';
import { startHostile } from '../../../peers/hostile.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { ask } from '../exchange.ts';
import { cleanUp } from '../fixture.ts';
import { parseExposition } from './exposition.ts';

cleanUp();

interface Row {
  readonly path: string;
  /** The status without a client token. */
  readonly withoutToken: number;
  /** The status for a browser, and whether it gets the page about the server. */
  readonly browser: readonly [status: number, page: boolean];
  /** The status for a GET that accepts JSON only. */
  readonly get: number;
  readonly countedAs: string;
}

const ROWS: readonly Row[] = [
  { path: '/mcp', withoutToken: 401, browser: [406, true], get: 406, countedAs: '/mcp' },
  { path: '/sse', withoutToken: 401, browser: [406, true], get: 406, countedAs: '/sse' },
  { path: '/message', withoutToken: 401, browser: [405, false], get: 405, countedAs: '/message' },
  { path: '/healthz', withoutToken: 200, browser: [200, false], get: 200, countedAs: '/healthz' },
  { path: '/readyz', withoutToken: 200, browser: [200, false], get: 200, countedAs: '/readyz' },
  { path: '/metrics', withoutToken: 401, browser: [200, false], get: 200, countedAs: '/metrics' },
  { path: '/', withoutToken: 401, browser: [200, false], get: 404, countedAs: 'other' },
  { path: '/nowhere', withoutToken: 401, browser: [404, false], get: 404, countedAs: 'other' },
  { path: '/servers', withoutToken: 401, browser: [404, false], get: 404, countedAs: 'other' },
];

it.each(ROWS)('$path', async ({ path, withoutToken, browser: [status, page], get, countedAs }) => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url, ['--client-token', 'topsecret']);
  const from = (headers: Record<string, string>) => ask(url, { path, headers });

  const outside = await from({ accept: 'application/json', 'x-forwarded-for': '203.0.113.1' });
  expect(outside.status).toBe(withoutToken);
  const shown = await from({ accept: 'text/html' });
  expect(shown.status).toBe(status);
  expect(/This is mcp-proxy\. It connects MCP clients to/.test(shown.text)).toBe(page);
  const answered = await from({ accept: 'application/json' });
  expect(answered.status).toBe(get);

  const { text } = await ask(url, { path: '/metrics' });
  const counted = parseExposition(text).get('mcp_proxy_http_responses_total')?.samples ?? [];
  const paths = new Set(counted.map(({ labels }) => labels.path).filter((name) => name !== '/metrics'));
  expect([...paths]).toEqual(countedAs === '/metrics' ? [] : [countedAs]);
});

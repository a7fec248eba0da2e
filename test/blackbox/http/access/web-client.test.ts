// A page in a real browser, on another origin than the proxy: what the browser lets it do, and what not.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { closeServings, type Serving, startServing } from '../../../peers/http/serving.ts';
import { listenLoopback, type Peer, WAIT_MS } from '../../../peers/listen.ts';
import { type Chromium, startChromium, type Tab } from '../../sign-in/chromium.ts';

let chromium: Chromium;
let upstream: Hostile;
let serving: Serving;
let site: Peer;

/** A client of Streamable HTTP as a web page would write it: `fetch`, and a reader for the stream. */
const CLIENT = `
  const BOTH = 'application/json, text/event-stream';
  const post = (headers, body, more = {}) => fetch(PROXY + '/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: BOTH, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...body }),
    ...more,
  });
  const INITIALIZE = { id: 1, method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'page', version: '1' } } };
  async function* events(response) {
    let rest = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\\n\\n');
      rest = parts.pop();
      for (const part of parts) {
        const data = part.split('\\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5)).join('');
        if (data.trim()) yield JSON.parse(data);
      }
    }
  }
`;

beforeAll(async () => {
  upstream = await startHostile();
  serving = await startServing(upstream.url);
  site = await listenLoopback('/', ({ url }, res) => {
    if (url === '/apart') res.setHeader('content-security-policy', 'sandbox allow-scripts');
    const page = `<!doctype html><title>page</title><script>const PROXY = ${JSON.stringify(serving.url)};${CLIENT}</script>`;
    res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
  });
  chromium = await startChromium();
});
afterAll(async () => {
  await chromium?.close();
  await closeServings();
  await closeHostiles();
  await site.close();
});

/** The value of an asynchronous expression in the page. The DevTools protocol cannot wait for it through a tab. */
async function run<T>(tab: Tab, body: string): Promise<T> {
  await tab.evaluate(`globalThis.outcome = undefined;
    (async () => { ${body} })().then(
      (value) => { globalThis.outcome = { value }; },
      (error) => { globalThis.outcome = { error: String(error) }; },
    ); undefined`);
  const until = Date.now() + WAIT_MS;
  for (;;) {
    const outcome = await tab.evaluate<{ value?: T; error?: string } | undefined>('globalThis.outcome');
    if (outcome?.error !== undefined) throw new Error(`${outcome.error}; ${tab.complaints.join('; ')}`);
    if (outcome) return outcome.value as T;
    if (Date.now() > until) throw new Error(`the page is not done; ${tab.complaints.join('; ')}`);
  }
}

describe('a page on another port of this machine', () => {
  let tab: Tab;
  beforeAll(async () => {
    tab = await chromium.open(site.url);
  });

  it('opens a session, reads its id, calls, and ends it', async () => {
    const told = await run(
      tab,
      `
      const opened = await post({}, INITIALIZE);
      const session = opened.headers.get('mcp-session-id');
      const inSession = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
      const ready = await post(inSession, { method: 'notifications/initialized' });
      const called = await post(inSession,
        { id: 2, method: 'tools/call', params: { name: 'echo', arguments: { from: location.origin } } });
      const ended = await fetch(PROXY + '/mcp', { method: 'DELETE', headers: inSession });
      const gone = await post(inSession, { id: 3, method: 'ping' });
      return {
        session: typeof session, server: (await opened.json()).result.serverInfo.name,
        ready: ready.status, text: (await called.json()).result.content[0].text, ended: ended.status, gone: gone.status,
      };`,
    );
    const { origin } = new URL(site.url);
    expect(told).toEqual({
      session: 'string',
      server: 'hostile',
      ready: 202,
      text: JSON.stringify({ from: origin }),
      ended: 204,
      gone: 404,
    });
    for (const { headers } of upstream.requests) {
      expect(headers.origin).toBeUndefined();
      expect(Object.keys(headers).filter((name) => name.startsWith('sec-'))).toEqual([]);
    }
  });

  it('reads a stream while it is open, and leaves it', async () => {
    upstream.once(
      'GET',
      a.openSse((res) => res.write(a.event('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'))),
    );
    const told = await run(
      tab,
      `
      const opened = await post({}, INITIALIZE);
      const inSession = { 'mcp-session-id': opened.headers.get('mcp-session-id'), 'mcp-protocol-version': '2025-11-25' };
      await post(inSession, { method: 'notifications/initialized' });
      const leave = new AbortController();
      const stream = await fetch(PROXY + '/mcp', { headers: { ...inSession, accept: 'text/event-stream' }, signal: leave.signal });
      const first = (await events(stream).next()).value;
      leave.abort();
      return [stream.headers.get('content-type').split(';')[0], first.method];`,
    );
    expect(told).toEqual(['text/event-stream', 'notifications/tools/list_changed']);
  });

  it('reads progress before the answer, from a modern call', async () => {
    const progress = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1}}';
    const done = (id: string): string => a.resultText(id, { resultType: 'complete', content: [] });
    upstream.once(
      'tools/call',
      a.sse((id) => a.event(progress) + a.event(done(id))),
    );
    const told = await run(
      tab,
      `
      const M = 'io.modelcontextprotocol/';
      const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo', 'mcp-param-region': 'here' };
      const _meta = { progressToken: 'p', [M + 'protocolVersion']: '2026-07-28',
        [M + 'clientInfo']: { name: 'page', version: '1' }, [M + 'clientCapabilities']: {} };
      const called = await post(headers, { id: 9, method: 'tools/call', params: { name: 'echo', arguments: {}, _meta } });
      const seen = [];
      for await (const message of events(called)) seen.push(message.method ?? message.id);
      return seen;`,
    );
    expect(told).toEqual(['notifications/progress', 9]);
  });

  it("uses HTTP+SSE with the browser's own EventSource", async () => {
    const told = await run(
      tab,
      `
      const source = new EventSource(PROXY + '/sse');
      const endpoint = await new Promise((resolve, reject) => {
        source.addEventListener('endpoint', ({ data }) => resolve(data));
        source.onerror = () => reject(new Error('no stream'));
      });
      const answer = new Promise((resolve) => { source.onmessage = ({ data }) => resolve(JSON.parse(data)); });
      const posted = await fetch(new URL(endpoint, PROXY), {
        method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', ...INITIALIZE, params: { ...INITIALIZE.params, protocolVersion: '2024-11-05' } }),
      });
      const { result } = await answer;
      source.close();
      return [posted.status, result.serverInfo.name];`,
    );
    expect(told).toEqual([202, 'hostile']);
  });

  it('sees a refusal as what it is', async () => {
    const told = await run(
      tab,
      `const refused = await post({ 'mcp-session-id': 'unknown' }, { id: 1, method: 'ping' });
       return [refused.status, typeof (await refused.json()).error.code];`,
    );
    expect(told).toEqual([404, 'number']);
  });

  it('can send a token', async () => {
    const status = await run(tab, `return (await post({ authorization: 'Bearer x' }, INITIALIZE)).status;`);
    expect(status).toBe(200);
  });
});

describe('a page of an origin that is not allowed', () => {
  /** A sandboxed frame, whose document has no origin of its own. */
  const open = (): Promise<Tab> => chromium.open(`${site.url}apart`);

  it('can neither call nor read anything', async () => {
    const before = upstream.all('initialize').length;
    const tab = await open();
    const told = await run<string[]>(
      tab,
      `
      const tries = {
        call: () => post({}, INITIALIZE),
        simple: () => fetch(PROXY + '/mcp', { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', ...INITIALIZE }) }),
        health: () => fetch(PROXY + '/healthz'),
        metrics: () => fetch(PROXY + '/metrics'),
      };
      const seen = [location.origin, self.origin];
      for (const [name, attempt] of Object.entries(tries)) {
        seen.push(name + ' ' + (await attempt().then(({ status }) => 'read ' + status, () => 'blocked')));
      }
      return seen;`,
    );
    const { origin } = new URL(site.url);
    expect(told).toEqual([origin, 'null', 'call blocked', 'simple blocked', 'health blocked', 'metrics blocked']);
    expect(tab.complaints.filter((text) => /CORS/.test(text)).length).toBeGreaterThanOrEqual(4);
    expect(upstream.all('initialize')).toHaveLength(before);
  });

  it('cannot make a call without reading the answer either', async () => {
    const before = upstream.all('initialize').length;
    const tab = await open();
    const told = await run(
      tab,
      `
      const blind = { method: 'POST', mode: 'no-cors', body: JSON.stringify({ jsonrpc: '2.0', ...INITIALIZE }) };
      const sent = await fetch(PROXY + '/mcp', blind);
      const stream = await fetch(PROXY + '/sse', { mode: 'no-cors' });
      return [sent.type, stream.type];`,
    );
    // The response is opaque: the page cannot see that it was refused, and the server has not seen the request at all.
    expect(told).toEqual(['opaque', 'opaque']);
    expect(upstream.all('initialize')).toHaveLength(before);
  });
});

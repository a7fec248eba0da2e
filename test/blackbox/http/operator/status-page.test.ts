// The status page at /: who gets it, what it says, what it never says, and the one thing that it changes.
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_LISTENERS } from '../../../../src/downstream/http/operator/status/listeners.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { WAIT_MS } from '../../../peers/listen.ts';
import { legacyServer, modernServer, type Results } from '../../../peers/minimal-server.ts';
import { opened } from '../../../peers/opened.ts';
import { privateHome } from '../../../peers/proxy.ts';
import { type ScriptedPeer, startScripted } from '../../../peers/scripted.ts';
import { configFile, entryOf } from '../../../peers/several/config-file.ts';
import { openStream } from '../event-stream.ts';
import { type Ask, ask, initialize, inSession, modern, openSession, request } from '../exchange.ts';
import { cleanUp } from '../fixture.ts';
import { BROWSER, textOf } from './browser.ts';

const open = opened();
let home: string;
beforeEach(() => {
  home = privateHome();
});
// Hooks run from the last one to the first: the proxies end before their home goes.
afterEach(() => rmSync(home, { recursive: true, force: true }));
cleanUp();

const NASTY = `"><script>alert(1)</script>`;
const SECRET = 's3cret-t0ken-value';

const server = (results: Results = {}): Promise<ScriptedPeer> =>
  open(startScripted('/mcp', legacyServer({ ping: '{}', ...results })));

const tools = (...all: object[]): string => JSON.stringify({ tools: all });

async function pageAt(url: string, headers: Ask['headers'] = {}): Promise<string> {
  const { status, text } = await ask(url, { path: '/', headers: { ...BROWSER, ...headers } });
  expect(status).toBe(200);
  return text.replace(/<script>.*<\/script>/s, '');
}

/** The page as soon as its words match. */
const pageWith = (url: string, words: RegExp): Promise<string> =>
  vi.waitFor(
    async () => {
      const html = await pageAt(url);
      if (!words.test(textOf(html))) throw new Error(`the page is ${textOf(html)}`);
      return html;
    },
    { timeout: WAIT_MS, interval: 100 },
  );

async function call(url: string, session: string, name: string, args: object = {}, path = '/mcp') {
  return ask(url, { path, headers: inSession(session), body: request(1, 'tools/call', { name, arguments: args }) });
}

/** The fields of the form that accepts a change. */
function formIn(html: string): Record<string, string> {
  const fields = [...html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
  return Object.fromEntries(fields.map(([, name, value]) => [name, value]));
}

const post = (url: string, fields: Record<string, string>, headers: Ask['headers'] = {}) =>
  ask(url, {
    method: 'POST',
    path: '/status/accept',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
    body: new URLSearchParams(fields).toString(),
  });

/** A proxy whose server has changed its tool, after one client has seen it. */
async function changed(before = 'does a', after = 'does b') {
  const now = { description: before };
  const upstream = await server({ 'tools/list': () => tools({ name: 'a', inputSchema: {}, ...now }) });
  const { url } = await startServing(upstream.url, ['--pin-tools'], { home });
  const session = await openSession(url);
  const list = async (): Promise<string[]> => {
    const { json } = await ask(url, { path: '/mcp', headers: inSession(session), body: request(1, 'tools/list') });
    return json.result.tools.map(({ name }: { name: string }) => name);
  };
  expect(await list()).toEqual(['a']);
  now.description = after;
  expect(await list()).toEqual([]);
  return { url, list, now, html: await pageWith(url, /has changed since it was first seen/) };
}

describe('what it shows', () => {
  it('one server, with its tools, sessions, calls and errors', async () => {
    const upstream = await server({ 'tools/list': tools({ name: 'echo' }, { name: 'wipe' }) });
    const { url } = await startServing(upstream.url, ['--ignore-tool', 'wipe'], { home });
    const before = textOf(await pageAt(url));
    expect(before).toContain('Ready');
    expect(before).toContain(`${url}/mcp`);
    expect(before).toContain('No client has asked for the tools yet');
    const session = await openSession(url);
    await ask(url, { path: '/mcp', headers: inSession(session), body: request(1, 'tools/list') });
    await call(url, session, 'echo', { secret: SECRET });
    await call(url, session, 'unknown');
    const html = await pageAt(url);
    const text = textOf(html);
    expect(text).toMatch(/127-0-0-1 http:\/\/127\.0\.0\.1:\d+\/mcp ✓ Ready/);
    expect(text).toMatch(
      /Revision 2025-11-25 or older Transport Streamable HTTP Sign-in Not needed Requests 4 Failed 0/,
    );
    expect(text).toMatch(/1 tool · 1 hidden Shown to clients echo Hidden from clients wipe ignored/);
    expect(text).toMatch(/echo tools\/call answered (?:&lt; )?[\d.]+ (?:ms|s|min)/);
    expect(text).toMatch(/raw 1 Streamable HTTP · 2025-11-25 (?:idle|connected|waits for an answer)/);
    expect(html).not.toContain(session);
  });

  it('a call that waits for its answer', async () => {
    const upstream = await server();
    let answer = (): void => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow = await open(
      startScripted('/mcp', async (seen, res) => {
        if (/tools\/call/.test(seen.body)) await held;
        return legacyServer()(seen, res);
      }),
    );
    const { url } = await startServing(slow.url, [], { home });
    const session = await openSession(url);
    // It began before somebody looked.
    const answered = call(url, session, 'slow_tool');
    await slow.request(({ body }) => /tools\/call/.test(body));
    expect(textOf(await pageAt(url))).toMatch(/1 waiting .*slow_tool tools\/call waiting/);
    answer();
    await answered;
    await pageWith(url, /slow_tool tools\/call answered/);
    await upstream.close();
  });

  it('a server that cannot be reached, and the errors of calls, those from before the first look too', async () => {
    const upstream = await server();
    const { url } = await startServing(upstream.url, [], { home });
    const session = await openSession(url);
    await upstream.close();
    await call(url, session, 'echo');
    await call(url, session, 'echo');
    const text = textOf(await pageAt(url));
    expect(text).toContain('The server cannot be reached');
    expect(text).toMatch(/tools\/call · 2 times cannot connect to 127\.0\.0\.1:\d+: nothing listens/);
    expect(text).toMatch(/Hint: /);
    expect(text).toMatch(/Requests 3 Failed 2/);
  });

  it('a server of 2026-07-28', async () => {
    const upstream = await open(startScripted('/mcp', modernServer()));
    const { url } = await startServing(upstream.url, [], { home });
    await pageAt(url);
    await ask(url, { path: '/mcp', ...modern('tools/list') });
    await ask(url, { path: '/mcp', ...modern('tools/call', { name: 'echo', arguments: {} }) });
    const text = textOf(await pageAt(url));
    expect(text).toMatch(/Revision 2026-07-28 Transport Streamable HTTP/);
    expect(text).toMatch(/1 tool Shown to clients echo/);
    expect(text).toContain('No client has a session. Clients of 2026-07-28 need none.');
  });

  it('several servers, each with its path and its calls', async () => {
    const [one, two] = [await server(), await server({ 'tools/list': tools({ name: 'other' }) })];
    await two.close();
    const file = await open(configFile({ one: entryOf(one), two: entryOf(two) }));
    const { url } = await startServing(undefined, ['--config', file.path], { home });
    await pageAt(url);
    const opening = await ask(url, { path: '/servers/one/mcp', body: initialize() });
    const session = String(opening.headers['mcp-session-id']);
    await call(url, session, 'echo', {}, '/servers/one/mcp');
    const text = textOf(await pageAt(url));
    expect(text).toContain('1 of 2 servers cannot be reached');
    expect(text).toMatch(/one http:\S+ · served at \/servers\/one\/mcp ✓ Ready/);
    expect(text).toMatch(/two http:\S+ · served at \/servers\/two\/mcp ! Cannot be reached/);
    expect(text).toMatch(/echo tools\/call · one answered/);
    expect(text).toMatch(/raw 1 Streamable HTTP · 2025-11-25 · one/);
  });
});

it('it knows the tools of a server that clients have got from memory', async () => {
  const upstream = [await server({ 'tools/list': tools({ name: 'kept' }) }), await server()] as const;
  const file = await open(configFile({ one: entryOf(upstream[0]), two: entryOf(upstream[1]) }));
  const start = async (): Promise<string> => {
    const { url } = await startServing(undefined, ['--config', file.path], { home });
    const headers = inSession(await openSession(url));
    await ask(url, { path: '/mcp', headers, body: request(1, 'tools/list') });
    return url;
  };
  await pageWith(await start(), /1 tool Shown to clients kept/);
  const asked = upstream[0].lines.length;
  await pageWith(await start(), /1 tool Shown to clients kept/);
  expect(upstream[0].lines.slice(asked)).not.toContain('POST tools/list');
});

describe('what it never shows', () => {
  it('secrets, arguments, results and ids of sessions', async () => {
    const upstream = await server({
      'tools/call': JSON.stringify({ content: [{ type: 'text', text: `result ${SECRET}` }] }),
      'prompts/get': () => '{"messages":[]}',
    });
    const target = `${upstream.url.replace('http://', `http://user:${SECRET}@`)}?key=${SECRET}`;
    const flags = ['--header', `X-Key: ${SECRET}`, '--client-token', SECRET];
    const { url } = await startServing(target, flags, { home });
    await pageAt(url);
    const session = await openSession(url);
    await call(url, session, 'echo', { argument: SECRET });
    await upstream.close();
    await call(url, session, 'echo', { argument: SECRET });
    const html = await pageAt(url);
    expect(textOf(html)).toMatch(/\?key=\*\*\*/);
    expect(html).not.toContain(SECRET);
    expect(html).not.toContain(session);
    const stream = await openStream(url, { path: '/status/events' });
    await stream.next(({ data }) => data.includes('id=\\"sessions\\"'));
    const sent = stream.events.map(({ data }) => data).join();
    expect(sent).not.toContain(SECRET);
    expect(sent).not.toContain(session);
  });

  it('anything from outside as HTML', async () => {
    const upstream = await server({
      'tools/list': tools({ name: NASTY }, { name: `wipe${NASTY}` }),
      'tools/call': () => '{}',
    });
    const { url } = await startServing(upstream.url, ['--ignore-tool', 'wipe*'], { home });
    await pageAt(url);
    const clientInfo = { name: NASTY, version: NASTY };
    const body = request(0, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    const session = String((await ask(url, { path: '/mcp', body })).headers['mcp-session-id']);
    await ask(url, { path: '/mcp', headers: inSession(session), body: request(1, 'tools/list') });
    await call(url, session, NASTY);
    await ask(url, { path: '/mcp', headers: inSession(session), body: request(1, NASTY) });
    const html = await pageAt(url);
    expect(html).not.toContain('<script>alert');
    // In both lists of tools, in the calls, and twice in the sessions.
    expect(html.match(/&lt;script&gt;alert/g)?.length).toBeGreaterThanOrEqual(5);
  });
});

describe('who gets it', () => {
  const FORWARDED = { 'x-forwarded-for': '203.0.113.9' };
  it.each<[string, number, Record<string, string>]>([
    ['from another machine', 401, FORWARDED],
    ['by another name', 403, { host: 'evil.example' }],
    ['from another origin', 403, { origin: 'https://evil.example' }],
    ['from a frame of another site', 403, { 'sec-fetch-site': 'cross-site' }],
  ])('nobody %s', async (_what, status, headers) => {
    const upstream = await server();
    const { url } = await startServing(upstream.url, ['--client-token', SECRET], { home });
    for (const asked of [
      { path: '/', headers: { ...BROWSER, ...headers } },
      { path: '/status/events', headers: { accept: 'text/event-stream', ...headers } },
      { path: '/status/accept', method: 'POST', headers },
    ]) {
      const answered = await ask(url, asked);
      expect([asked.path, answered.status]).toEqual([asked.path, status]);
      expect(answered.text).not.toContain(upstream.url);
    }
  });

  it('no page of another origin, which may use the endpoints of clients', async () => {
    const upstream = await server();
    const { url } = await startServing(upstream.url, ['--allowed-origin', 'https://app.example'], { home });
    for (const origin of ['http://localhost:5173', 'https://app.example', 'http://127.0.0.1:1']) {
      for (const asked of [
        { path: '/', headers: { ...BROWSER, origin } },
        { path: '/status/events', headers: { accept: 'text/event-stream', origin } },
        { path: '/status/accept', method: 'POST', headers: { origin } },
        { path: '/status/accept', method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } },
      ]) {
        const answered = await ask(url, asked);
        expect([asked.path, answered.status]).toEqual([asked.path, 403]);
        expect(answered.headers['access-control-allow-origin']).toBeUndefined();
      }
    }
  });

  it('accepts nothing from a program that does not say where it comes from', async () => {
    const { url, html, list } = await changed();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams(formIn(html)).toString();
    expect((await ask(url, { method: 'POST', path: '/status/accept', headers, body })).status).toBe(403);
    expect(await list()).toEqual([]);
  });

  it('clients with the token, at the address that they came by', async () => {
    const upstream = await server();
    const { url } = await startServing(upstream.url, ['--client-token', SECRET, '--allowed-host', 'mcp.example'], {
      home,
    });
    const html = await pageAt(url, {
      ...FORWARDED,
      host: 'mcp.example',
      authorization: `Bearer ${SECRET}`,
      'x-forwarded-proto': 'https',
      'x-forwarded-prefix': '/tools',
    });
    expect(textOf(html)).toContain('https://mcp.example/tools/mcp');
    expect(html).toContain('data-events="/tools/status/events"');
  });

  it('nothing of other sites, and only its own style and script', async () => {
    const upstream = await server();
    const { url } = await startServing(upstream.url, [], { home });
    const { headers, text } = await ask(url, { path: '/', headers: BROWSER });
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^ ;]+'; script-src 'sha256-[^ ;]+'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
    );
    expect([headers['cache-control'], headers['x-frame-options'], headers['x-content-type-options']]).toEqual([
      'no-store',
      'DENY',
      'nosniff',
    ]);
    expect(text).not.toMatch(/\son\w+="|<link|<img|src=/);
  });

  it('no body for HEAD', async () => {
    const upstream = await server();
    const { url } = await startServing(upstream.url, [], { home });
    expect(await ask(url, { method: 'HEAD', path: '/', headers: BROWSER })).toMatchObject({ status: 200, text: '' });
  });
});

describe('the stream of changes', () => {
  it('has every part, and then those that change', async () => {
    const upstream = await server();
    const { url } = await startServing(upstream.url, [], { home });
    const stream = await openStream(url, { path: '/status/events' });
    for (const id of ['overview', 'charts', 'servers', 'calls', 'errors', 'sessions'])
      await stream.next(({ event, data }) => event === 'part' && data.includes(`id=\\"${id}\\"`));
    const session = await openSession(url);
    await call(url, session, 'echo_live');
    await stream.next(({ data }) => data.includes('id=\\"calls\\"') && data.includes('echo_live'));
  });

  it('is for 32 browsers at a time', async () => {
    const upstream = await server();
    const { url } = await startServing(upstream.url, [], { home });
    const streams = await Promise.all(
      Array.from({ length: MAX_LISTENERS }, () => openStream(url, { path: '/status/events' })),
    );
    expect(streams.map(({ status }) => status)).toEqual(Array(MAX_LISTENERS).fill(200));
    const asked = { path: '/status/events', headers: { accept: 'text/event-stream' } };
    expect(await ask(url, asked)).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
    streams[0]?.destroy();
    await vi.waitFor(async () => expect((await openStream(url, { path: '/status/events' })).status).toBe(200), {
      timeout: WAIT_MS,
      interval: 100,
    });
  });

  it('ends when the proxy does', async () => {
    const upstream = await server();
    const serving = await startServing(upstream.url, [], { home });
    const stream = await openStream(serving.url, { path: '/status/events' });
    await stream.next();
    await serving.stop();
    expect(await stream.ended).toBe(true);
  });
});

describe('a changed tool', () => {
  it('is shown with its difference, and a form accepts it', async () => {
    const { url, html, list } = await changed('does a', `does b ${NASTY}`);
    expect(textOf(html)).toContain('1 tool has changed');
    expect(html).not.toContain('<script>alert');
    expect(html).toContain('<del>- description: &quot;does a&quot;</del>');
    expect(html).toContain('<ins>+ description: &quot;does b ');
    expect(await post(url, formIn(html))).toMatchObject({ status: 200, text: '{}' });
    expect(await list()).toEqual(['a']);
    await pageWith(url, /Ready/);
  });

  it('is accepted without the script, which leads back to the page', async () => {
    const { url, html, list } = await changed();
    const answered = await post(url, formIn(html), {
      accept: 'text/html',
      origin: url,
      'sec-fetch-site': 'same-origin',
    });
    expect(answered).toMatchObject({ status: 303, headers: { location: '../' } });
    expect(await list()).toEqual(['a']);
  });

  it('stays hidden if it has changed again since the page was shown', async () => {
    const { url, html, list, now } = await changed();
    now.description = 'does c';
    expect(await list()).toEqual([]);
    expect((await post(url, formIn(html))).status).toBe(409);
    expect(await list()).toEqual([]);
  });

  it.each<[string, number, Record<string, string>, Record<string, string>]>([
    ['a page of another origin', 403, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, {}],
    [
      'a page of another port of this machine',
      403,
      { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' },
      {},
    ],
    ['a page that hides its origin', 403, { origin: 'null', 'sec-fetch-site': 'cross-site' }, {}],
    ['a page of another site, by a form', 403, { 'sec-fetch-site': 'cross-site' }, {}],
    ['a page of the same site, by a form', 403, { 'sec-fetch-site': 'same-site' }, {}],
    ['a page without the token', 403, {}, { token: '' }],
    ['a page with another token', 403, {}, { token: '0'.repeat(32) }],
    ['a page that knows another server', 409, {}, { server: 'other' }],
    ['a page with a fetch that needs no preflight', 415, { 'content-type': 'text/plain' }, {}],
  ])('is not accepted by %s', async (_what, status, headers, fields) => {
    const { url, html, list } = await changed();
    const answered = await post(url, { ...formIn(html), ...fields }, headers);
    expect(answered.status).toBe(status);
    expect(await list()).toEqual([]);
  });

  it('is not accepted by a GET, nor by a form that is too long', async () => {
    const { url, html, list } = await changed();
    const query = new URLSearchParams(formIn(html));
    expect((await ask(url, { path: `/status/accept?${query}`, headers: BROWSER })).status).toBe(405);
    expect((await post(url, { ...formIn(html), more: 'x'.repeat(20_000) })).status).toBe(413);
    expect(await list()).toEqual([]);
  });
});

// The status page in a real browser: what a person sees and does there.
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeServings, startServing } from '../../../peers/http/serving.ts';
import { legacyServer, type Results } from '../../../peers/minimal-server.ts';
import { startAuthorizationServer } from '../../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { privateHome } from '../../../peers/proxy.ts';
import { startScripted } from '../../../peers/scripted.ts';
import { CONTRASTS } from '../../../screenshots/measures.ts';
import { type Chromium, startChromium, type Tab } from '../../sign-in/chromium.ts';
import { ask, inSession, openSession, request } from '../exchange.ts';

const open = opened();
let chromium: Chromium;
let home: string;
beforeAll(async () => {
  chromium = await startChromium();
});
afterAll(() => chromium?.close());
beforeEach(() => {
  home = privateHome();
});
afterEach(async () => {
  await closeServings();
  rmSync(home, { recursive: true, force: true });
});

const text = (selector: string): string => `(document.querySelector(${JSON.stringify(selector)})?.textContent ?? '')`;

/** A page that is live. */
async function shown(url: string, options: Parameters<Chromium['open']>[1] = {}): Promise<Tab> {
  const tab = await chromium.open(`${url}/`, { width: 1_280, height: 900, ...options });
  await tab.until(`${text('#live')} === 'Live'`);
  return tab;
}

/** What a browser complains about, apart from the icon that no page has. */
const complaintsOf = (tab: Tab): string[] => tab.complaints.filter((line) => !line.includes('favicon'));

async function serving(results: Results = {}, flags: string[] = []) {
  const upstream = await open(startScripted('/mcp', legacyServer(results)));
  const { url } = await startServing(upstream.url, flags, { home });
  const session = await openSession(url);
  const post = (method: string, params: object = {}) =>
    ask(url, { path: '/mcp', headers: inSession(session), body: request(1, method, params) });
  return { url, post };
}

/** A server whose tool has changed after a client has seen it. */
async function changed() {
  const now = { description: 'does a' };
  const tools = () => JSON.stringify({ tools: [{ name: 'tool_a', inputSchema: {}, ...now }] });
  const { url, post } = await serving({ 'tools/list': tools }, ['--pin-tools']);
  const list = async () => (await post('tools/list')).json.result.tools.length;
  expect(await list()).toBe(1);
  now.description = 'does b';
  expect(await list()).toBe(0);
  return { url, list };
}

it('a user signs in with a click, and the page says so by itself', async () => {
  const authorizationServer = await open(startAuthorizationServer());
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('hold'));
  const { url } = await startServing(server.url, ['--auth-timeout', '120'], {
    home,
    env: { BROWSER: browser.command },
  });
  await browser.waitForTab(1);
  const tab = await shown(url);
  await tab.until("document.querySelector('.action a')");
  expect(await tab.evaluate(text('h1'))).toBe('A sign-in is needed');
  await tab.click('.action a');
  await tab.until(`${text('h1')} === 'Ready'`);
  expect(await tab.evaluate(text('.facts'))).toContain('Signed in');
  expect(await tab.evaluate("document.querySelector('.action')")).toBe(null);
  expect(await tab.evaluate('document.title')).toBe('Ready – mcp-proxy');
  expect(complaintsOf(tab)).toEqual([]);
});

it('a sign-in that its user has declined begins again with a click, and not before', async () => {
  const authorizationServer = await open(startAuthorizationServer());
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('hold'));
  const { url } = await startServing(server.url, ['--auth-timeout', '120'], {
    home,
    env: { BROWSER: browser.command },
  });
  await browser.waitForTab(1);
  const tab = await shown(url);
  await browser.finish(1, 'deny');
  await tab.until("document.querySelector('a[data-key=begin]')");
  expect(await tab.evaluate("document.querySelector('a[data-key=sign-in]')")).toBe(null);
  await tab.click('a[data-key=begin]');
  await tab.until("document.querySelector('a[data-key=sign-in]')");
  await tab.click('a[data-key=sign-in]');
  await tab.until(`${text('h1')} === 'Ready'`);
});

it('a call appears by itself, while it waits and when it is answered', async () => {
  let answer = (): void => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const upstream = await open(
    startScripted('/mcp', async (seen, res) => {
      if (/tools\/call/.test(seen.body)) await held;
      return legacyServer()(seen, res);
    }),
  );
  const { url } = await startServing(upstream.url, [], { home });
  const session = await openSession(url);
  const tab = await shown(url);
  const body = request(1, 'tools/call', { name: 'find_answer', arguments: { question: 'secret' } });
  const answered = ask(url, { path: '/mcp', headers: inSession(session), body });
  await tab.until(`/find_answer.*waiting/s.test(${text('#calls tbody')})`);
  await tab.evaluate("document.querySelector('#calls tbody tr').marked = true");
  answer();
  await answered;
  await tab.until(`/find_answer.*answered/s.test(${text('#calls tbody')})`);
  // It is the same row, which a reader may have selected.
  expect(await tab.evaluate("document.querySelector('#calls tbody tr').marked")).toBe(true);
  await tab.until("document.querySelector('#charts rect.bar')");
  expect(await tab.evaluate('document.documentElement.outerHTML')).not.toContain('secret');
  expect(complaintsOf(tab)).toEqual([]);
  const origin = new URL(url).origin;
  expect(tab.requests.filter((requested) => !requested.startsWith(origin))).toEqual([]);
});

describe('a changed tool', () => {
  it('is accepted with a click', async () => {
    const { url, list } = await changed();
    const tab = await shown(url);
    expect(await tab.evaluate(text('.difference'))).toContain('- description: "does a"');
    await tab.click('form.accept button');
    await tab.until("!document.querySelector('form.accept')");
    await tab.until(`${text('#live')} === 'The change is accepted'`);
    await tab.until(`${text('h1')} === 'Ready'`);
    expect(await list()).toBe(1);
    expect(complaintsOf(tab)).toEqual([]);
  });

  it('is accepted with the keyboard, which keeps its place', async () => {
    const { url, list } = await changed();
    const tab = await shown(url);
    const isFocused = (selector: string): Promise<boolean> =>
      tab.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`);
    for (let n = 0; n < 10 && !(await isFocused('form.accept button')); n++) await tab.press('Tab');
    expect(await isFocused('form.accept button')).toBe(true);
    expect(await tab.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await tab.press('Enter');
    await tab.until("document.activeElement.matches('h3')");
    await tab.until("!document.querySelector('form.accept')");
    expect(await isFocused('h3')).toBe(true);
    expect(await list()).toBe(1);
    // The list of tools comes next, and opens with a key; changes of the page leave it open.
    await tab.press('Tab');
    expect(await isFocused('.tools summary')).toBe(true);
    await tab.press('Enter');
    await list();
    await tab.until(`/tools\\/list/.test(${text('#calls tbody')})`);
    expect(await tab.evaluate("document.querySelector('details.tools').open")).toBe(true);
    expect(await isFocused('.tools summary')).toBe(true);
  });
});

it('the page says when the proxy has gone', async () => {
  const { url } = await serving();
  const tab = await shown(url);
  await closeServings();
  await tab.until(`${text('#live')}.startsWith('Not connected')`);
});

describe('everybody can read it', () => {
  it.each([false, true])('on a telephone, dark: %s', async (dark) => {
    const { url, post } = await serving({
      'tools/list': '{"tools":[{"name":"a_tool_with_quite_a_long_name_indeed"}]}',
    });
    const tab = await shown(url, { width: 360, height: 740, dark });
    await post('tools/list');
    await post('tools/call', { name: 'a_tool_with_quite_a_long_name_indeed', arguments: {} });
    await tab.until(`/a_tool_with.*answered/s.test(${text('#calls tbody')})`);
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    const background = await tab.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(Number(/\d+/.exec(background)?.[0]) < 128).toBe(dark);
    // WCAG 2.2, 1.4.3, level AA.
    expect(Math.min(...(await tab.evaluate<number[]>(CONTRASTS)))).toBeGreaterThanOrEqual(4.5);
  });

  it('has a name for everything, in one order of headings', async () => {
    const { url } = await changed();
    const tab = await shown(url);
    const levels = await tab.evaluate<number[]>(
      "[...document.querySelectorAll('h1,h2,h3,h4')].map((e) => Number(e.localName[1]))",
    );
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.reduce((before, level) => {
      expect(level).toBeLessThanOrEqual(before + 1);
      return level;
    });
    const nameless = await tab.evaluate<string[]>(`[...document.querySelectorAll('section,article,table,svg,button,a')]
      .filter((e) => !(e.ariaLabel || document.getElementById(e.getAttribute('aria-labelledby')) || e.caption || e.textContent.trim()))
      .map((e) => e.outerHTML)`);
    expect(nameless).toEqual([]);
    expect(await tab.evaluate("document.querySelectorAll('[aria-live],[role=status],[role=alert]').length")).toBe(1);
    expect(await tab.evaluate("document.querySelector('main') !== null && document.documentElement.lang")).toBe('en');
  });
});

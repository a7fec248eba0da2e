// The pages as a real browser shows them, served by the callback itself.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenForCallback, type SignInOutcome } from '../../../../src/auth/sign-in/callback.ts';
import { type PageKind, page } from '../../../../src/auth/sign-in/pages.ts';
import { type Chromium, startChromium, type Tab, type TabOptions } from '../../../blackbox/sign-in/chromium.ts';
import { opened } from '../../../peers/opened.ts';
import { BROKEN_WORDS, CONTRASTS } from '../../../screenshots/measures.ts';

const open = opened();
const STATE = 'right';
const KINDS: readonly PageKind[] = ['signed-in', 'denied', 'failed', 'wrong-state', 'already-done', 'not-found'];
const TITLES: Readonly<Record<PageKind, string>> = {
  'signed-in': 'You are signed in',
  denied: 'Access was not granted',
  failed: 'The sign-in did not work',
  'wrong-state': 'This is not the sign-in we are waiting for',
  'already-done': 'This sign-in is already complete',
  'not-found': 'Not found',
};
const SERVER = 'https://mcp.example/a/b';
const REASON = 'the token endpoint answered 400: invalid_grant, "The code has expired"';

let chromium: Chromium;
beforeAll(async () => {
  chromium = await startChromium();
});
afterAll(() => chromium?.close());

async function visit(kind: PageKind, options?: TabOptions, reason = REASON): Promise<Tab> {
  const verdict: SignInOutcome =
    kind === 'failed' ? { page: 'failed', reason } : { page: kind === 'denied' ? kind : 'signed-in' };
  const finish = (): Promise<SignInOutcome> => Promise.resolve(verdict);
  const callback = await open(
    listenForCallback({ port: 0, path: '/callback', host: 'localhost', state: STATE, server: SERVER, finish }),
  );
  const base = `http://localhost:${callback.port}`;
  const right = `${base}/callback?code=abc&state=${STATE}`;
  if (kind === 'already-done') await fetch(right);
  if (kind === 'not-found') return chromium.open(`${base}/`, options);
  return chromium.open(kind === 'wrong-state' ? `${base}/callback?state=wrong&error=access_denied` : right, options);
}

describe.each(KINDS)('the page "%s"', (kind) => {
  it('is shown, loads nothing else, and keeps its own rules', async () => {
    const tab = await visit(kind);
    expect(await tab.evaluate('document.title')).toBe(TITLES[kind]);
    expect(await tab.evaluate('document.querySelector("main h1").innerText')).toBe(TITLES[kind]);
    // The style is applied, so its hash is right.
    expect(await tab.evaluate('getComputedStyle(document.body).display')).toBe('flex');
    // The browser itself reports a status of 4xx or 5xx; it must report nothing else.
    expect(tab.complaints.filter((text) => !/the server responded with a status of \d+/.test(text))).toEqual([]);
    expect(tab.requests.filter((url) => !url.endsWith('/favicon.ico'))).toHaveLength(1);
  });

  it('is accessible: language, one heading, one landmark, nothing to zoom in for', async () => {
    const tab = await visit(kind);
    const facts = await tab.evaluate(`({
      lang: document.documentElement.lang,
      mode: document.compatMode,
      headings: document.querySelectorAll('h1').length,
      landmarks: document.querySelectorAll('main').length,
      outside: [...document.body.children].filter((e) => e.tagName !== 'MAIN').length,
      viewport: document.querySelector('meta[name=viewport]').content,
      scripts: document.scripts.length,
    })`);
    expect(facts).toEqual({
      lang: 'en',
      mode: 'CSS1Compat',
      headings: 1,
      landmarks: 1,
      outside: 0,
      viewport: 'width=device-width, initial-scale=1',
      scripts: 0,
    });
  });

  it.each([true, false])('can be read with dark: %s', async (dark) => {
    const tab = await visit(kind, { dark });
    const contrasts = await tab.evaluate<number[]>(CONTRASTS);
    expect(contrasts.length).toBeGreaterThan(2);
    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
    const ground = await tab.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const [red = 0] = (ground.match(/\d+/g) ?? []).map(Number);
    expect(red < 128).toBe(dark);
  });

  it('breaks no word of its heading in a window of 390 pixels', async () => {
    const tab = await visit(kind, { width: 390 });
    expect(await tab.evaluate(BROKEN_WORDS)).toEqual([]);
  });

  it.each([320, 1280])('fits a window of %i pixels', async (width) => {
    const tab = await visit(kind, { width, height: 480 }, `${'x'.repeat(400)} and more`);
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(await tab.evaluate('document.querySelector("h1").getBoundingClientRect().left')).toBeGreaterThan(0);
  });
});

it('says what went wrong', async () => {
  const tab = await visit('failed');
  expect(await tab.evaluate('document.querySelector("blockquote").innerText')).toBe(REASON);
  const refused = await visit('wrong-state');
  expect(await refused.evaluate('document.querySelector("blockquote").innerText')).toBe('access_denied');
});

describe('what the user needs next', () => {
  const textOf = async (kind: PageKind): Promise<string> => (await visit(kind)).evaluate('document.body.innerText');

  it.each(['signed-in', 'denied', 'failed', 'already-done'] as const)('"%s" names the server', async (kind) => {
    expect(await textOf(kind)).toContain(SERVER);
  });

  it.each(['wrong-state', 'not-found'] as const)('"%s", which anybody can open, does not', async (kind) => {
    expect(await textOf(kind)).not.toContain('mcp.example');
  });

  it.each(['denied', 'failed'] as const)('"%s" says how to start again', async (kind) => {
    const tab = await visit(kind);
    expect(await tab.evaluate('document.querySelector("pre").innerText')).toBe(`mcp-proxy login ${SERVER}`);
  });

  it("tells the server's text apart from that of this program", () => {
    const text = (html: string): string => html.replace(/<[^>]*>/g, '');
    expect(text(page('failed', '', { said: 'not today' }).text)).toMatch(/The server said:\s*not today/);
    expect(text(page('denied', '', { said: 'not today' }).text)).toMatch(/The server said:\s*not today/);
    expect(text(page('failed', 'nobody answered').text)).not.toContain('The server said');
  });

  it.each([
    ['https://mcp.example/a?key=***', '"https://mcp.example/a?key=***"'],
    ["https://mcp.example/$(id)'`x`;ls", '"https://mcp.example/%24(id)%27%60x%60;ls"'],
  ])('the command for %s does nothing else in a shell', (server, word) => {
    const shown = word.replaceAll('"', '&quot;');
    expect(page('failed', '', { server }).text).toContain(`<code>mcp-proxy login ${shown}</code>`);
  });
});

describe('what a hostile server says', () => {
  it.each([
    ['a script', '<script>document.title = "owned"; alert(1)</script>'],
    ['an end of the element', '</bdi></blockquote></main><script>document.title = "owned"</script>'],
    ['an image with a handler', '"><img src=x onerror="document.title = 1">'],
    ['an end of an attribute', `' onmouseover='document.title=1' x='`],
    ['a frame', '<iframe srcdoc="<script>parent.document.title = 1</script>"></iframe>'],
    ['a style', '<style>main { display: none }</style><link rel=stylesheet href=http://127.0.0.1:9/x.css>'],
    ['a way elsewhere', '<meta http-equiv=refresh content="0;url=http://127.0.0.1:9/"><base href=http://127.0.0.1:9/>'],
    ['a form', '<form action=http://127.0.0.1:9/><input name=password autofocus></form>'],
    ['an entity', '&lt;script&gt; &amp; &#60;b&#62;'],
    ['an end of a comment', '--><svg onload=document.title=1><!--'],
  ])('%s is text and nothing more', async (_what, reason) => {
    const tab = await visit('failed', {}, reason);
    expect(await tab.evaluate('document.querySelector("blockquote").innerText')).toBe(reason.replace(/\s+/g, ' '));
    expect(await tab.evaluate('document.title')).toBe(TITLES.failed);
    const elements = await tab.evaluate('[...document.querySelectorAll("main *")].map((e) => e.localName).join()');
    expect(elements).toBe('div,h1,span,p,p,bdi,blockquote,bdi,p,pre,code,p');
    expect(await tab.evaluate('getComputedStyle(document.querySelector("main")).display')).toBe('block');
    expect(tab.complaints.filter((text) => !/status of 502/.test(text))).toEqual([]);
    expect(tab.requests.filter((url) => !url.endsWith('/favicon.ico'))).toHaveLength(1);
  });

  it('does not change the direction of the text around it', async () => {
    const tab = await visit('failed', {}, '\u202etpircs\u202c \u2067x\u2066 \u05d0\u05d1\u05d2');
    const text = await tab.evaluate<string>('document.querySelector("blockquote").innerText');
    expect(text).toBe('tpircs x \u05d0\u05d1\u05d2');
    expect(await tab.evaluate('getComputedStyle(document.querySelector("bdi")).unicodeBidi')).toBe('isolate');
  });

  it('is cut off after a reasonable length', async () => {
    const tab = await visit('failed', {}, '<img src=x onerror=alert(1)> '.repeat(4_000));
    const text = await tab.evaluate<string>('document.querySelector("blockquote").innerText');
    expect(text.length).toBeLessThanOrEqual(501);
    expect(await tab.evaluate('document.images.length')).toBe(0);
    expect(await tab.evaluate('document.title')).toBe(TITLES.failed);
  });

  it('would do nothing even if it were not escaped', async () => {
    // Tests the policy alone: the test puts the text into the page.
    const tab = await visit('failed');
    await tab.evaluate(`document.querySelector('blockquote').innerHTML =
      '<img src="http://127.0.0.1:9/x" onerror="document.title = 1"><b onclick="document.title = 1">x</b>'`);
    await tab.evaluate('document.querySelector("b").click()');
    await tab.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { text: 'document.title = 1' }))`,
    );
    expect(await tab.evaluate('document.title')).toBe(TITLES.failed);
    expect(tab.complaints.filter((text) => /Content Security Policy/.test(text)).length).toBeGreaterThanOrEqual(2);
  });
});

it('nothing but the text of the page depends on the reason', () => {
  expect(page('failed', '   ').text).toBe(page('failed').text);
  expect(page('failed', 'a\u0000b\nc').text).toContain('<bdi>a b c</bdi>');
  expect(page('failed').text).not.toContain('blockquote>');
});

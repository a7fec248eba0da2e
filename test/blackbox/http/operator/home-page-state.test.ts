// What the page at the endpoints of clients says about the server: whether a sign-in waits, and whether it can be reached.
import { describe, expect, it, vi } from 'vitest';
import { homePage } from '../../../../src/downstream/http/operator/home-page.ts';
import { startHostile } from '../../../peers/hostile.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { WAIT_MS } from '../../../peers/listen.ts';
import { startAuthorizationServer } from '../../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { ask } from '../exchange.ts';
import { cleanUp } from '../fixture.ts';
import { BROWSER, textOf } from './browser.ts';

cleanUp();
const open = opened();

it('a sign-in that waits is shown as a link until the user has signed in', async () => {
  const authorizationServer = await open(startAuthorizationServer());
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('hold'));
  const { url } = await startServing(server.url, ['--auth-timeout', '120'], { env: { BROWSER: browser.command } });
  const pageWith = (matches: RegExp): Promise<string> =>
    vi.waitFor(
      async () => {
        const { text } = await ask(url, { path: '/mcp', headers: BROWSER });
        if (!matches.test(text)) throw new Error(`the page is ${textOf(text)}`);
        return text;
      },
      { timeout: WAIT_MS, interval: 200 },
    );
  const page = await browser.waitForTab(1);
  const html = await pageWith(/<a href=/);
  expect(html).toContain(`<a href="${page.replaceAll('&', '&amp;')}" rel="noreferrer">Sign in</a>`);
  expect(textOf(html)).toContain('A sign-in is needed');
  await browser.finish(1, 'approve');
  expect(await pageWith(/Ready for MCP clients/)).not.toContain('<a href=');
});

it('a server that cannot be reached is shown as unreachable, with the reason', async () => {
  const upstream = await startHostile();
  await upstream.close();
  const { url } = await startServing(upstream.url);
  const { text } = await ask(url, { path: '/mcp', headers: BROWSER });
  expect(textOf(text)).toMatch(/The server cannot be reached .* cannot connect to 127\.0\.0\.1:\d+: nothing listens/);
});

describe('text from the server', () => {
  const NASTY = `"><script>alert(1)</script><a href='javascript:alert(1)'>&`;
  const readiness = { reachable: true, signInNeeded: true };
  const home = { server: 'https://server.example/mcp', client: 'http://localhost:8080/mcp', readiness };

  it('is shown as text', () => {
    const pages = [
      homePage({ ...home, server: NASTY, client: NASTY }),
      homePage({ ...home, readiness: { ...readiness, reason: NASTY } }),
      homePage({ ...home, readiness: { ...readiness, reachable: false, unreachable: NASTY } }),
      homePage({ ...home, readiness: { ...readiness, signInUrl: `https://as.example/${NASTY}`, userCode: NASTY } }),
    ];
    for (const html of pages) {
      expect(html).not.toContain('<script');
      expect(html).not.toMatch(/href='|href="javascript/);
      expect(html).toContain('&lt;script&gt;');
    }
  });

  it('is a link only if it is an http: or https: address', () => {
    const html = homePage({ ...home, readiness: { ...readiness, signInUrl: 'javascript:alert(1)', userCode: 'A-B' } });
    expect(html).not.toContain('<a ');
    expect(html).toContain('javascript:alert(1)');
  });
});

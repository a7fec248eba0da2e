// The browser stand-in, started as a program starts it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { listenLoopback, type Peer } from '../listen.ts';
import { opened } from '../opened.ts';
import { startBrowser } from './browser.ts';
import { DECISION_HEADER } from './tab.ts';

const open = opened();

const site = (): Promise<Peer> =>
  open(
    listenLoopback('/start', (req, res) => {
      if (req.url?.startsWith('/start')) {
        res
          .writeHead(302, { location: `/end?said=${req.headers[DECISION_HEADER]}`, 'set-cookie': 'a=b; Path=/' })
          .end();
      } else res.end(`${req.url} ${req.headers.cookie}`);
    }),
  );

async function start(command: string, ...args: string[]): Promise<number> {
  const [code] = (await once(spawn(command, args, { env: {}, stdio: 'ignore' }), 'exit')) as [number];
  return code;
}

it('a started browser follows its last argument at once, with redirects and cookies', async () => {
  const [browser, { url }] = [await open(startBrowser('approve')), await site()];
  expect(await start(browser.command, '--new-window', `${url}?a=1&b=$(x)`)).toBe(0);
  expect(await browser.waitForTab(1)).toBe(`${url}?a=1&b=$(x)`);
  expect(await browser.waitForPage(1)).toMatchObject({ tab: 1, status: 200, html: '/end?said=approve a=b' });
  expect(browser.arguments).toEqual([['--new-window', `${url}?a=1&b=$(x)`]]);
});

it('a held tab goes on when the user returns to it', async () => {
  const [browser, { url }] = [await open(startBrowser('hold')), await site()];
  await start(browser.command, url);
  await browser.waitForTab(1);
  expect(browser.pages).toEqual([]);
  expect((await browser.finish(1, 'deny')).html).toBe('/end?said=deny a=b');
});

it('a broken browser tells by its exit code', async () => {
  const browser = await open(startBrowser('broken'));
  expect(await start(browser.command, 'http://127.0.0.1:9/')).toBe(1);
  expect(browser.opened).toEqual(['http://127.0.0.1:9/']);
});

it('a redirect to where nobody listens ends the tab with an error', async () => {
  const gone = await listenLoopback('/', () => {});
  await gone.close();
  const browser = await open(startBrowser('never'));
  expect(await browser.visit(gone.url)).toMatchObject({
    status: 0,
    visited: [gone.url],
    error: { code: 'ECONNREFUSED' },
  });
});

// A browser stand-in for $BROWSER: an executable that hands the URL to this process, which follows it as a browser
// would, and keeps the page it ends on.
//
//   const browser = await startBrowser('approve');
//   startProxy(url, [], { env: { BROWSER: browser.command } });
//   await browser.waitForPage(1);
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { listenLoopback, type Peer, readJson } from '../listen.ts';
import { Watched } from '../watched.ts';
import { browse, type Decision, type Page } from './tab.ts';

/**
 * What the user does: approves or denies at once, does nothing until `finish`, does nothing at all, or has a browser
 * that exits with an error.
 */
export type BrowserMode = 'approve' | 'deny' | 'hold' | 'never' | 'broken';
export interface Browser extends Peer {
  mode: BrowserMode;
  /** What to put into $BROWSER. */
  readonly command: string;
  /** URLs that were opened, by whatever process. */
  readonly opened: readonly string[];
  /** All arguments of each start of the executable. */
  readonly arguments: readonly (readonly string[])[];
  /** Where the tabs ended, in the order in which they did. */
  readonly pages: readonly Page[];
  /** The URL of the n-th tab, once it is open. */
  waitForTab(n: number): Promise<string>;
  waitForPage(n: number): Promise<Page>;
  /** The user returns to the n-th tab and decides. May be done twice, as a user does who goes back. */
  finish(n: number, decision?: Decision): Promise<Page>;
  /** Follows any URL in a tab of its own that `opened` does not count: a pasted link. */
  visit(url: string, decision?: Decision): Promise<Page>;
}

export interface BrowserOptions {
  /** A certificate authority to trust. */
  ca?: string;
}

export async function startBrowser(mode: BrowserMode = 'approve', { ca }: BrowserOptions = {}): Promise<Browser> {
  const opened = new Watched<string>('tabs');
  const pages = new Watched<Page>('pages');
  const starts: string[][] = [];

  const follow = async (tab: number, url: string, decision: Decision): Promise<Page> => {
    const page = await browse(tab, url, decision, ca);
    pages.add(page);
    return page;
  };

  const control = await listenLoopback('/', async (req, res) => {
    const args = (await readJson(req)) as string[];
    const url = args.at(-1) ?? '';
    starts.push(args);
    const tab = opened.add(url);
    // The executable is not to outlive the step it stands for: it ends before the tab is followed.
    res.once('finish', () => {
      if (browser.mode === 'approve' || browser.mode === 'deny') void follow(tab, url, browser.mode);
    });
    res.end(browser.mode === 'broken' ? 'broken' : 'opened');
  });

  const folder = mkdtempSync(path.join(os.tmpdir(), 'browser-'));
  const command = path.join(folder, 'browser');
  writeFileSync(command, executable(control.url), { mode: 0o755 });

  const browser: Browser = {
    url: control.url,
    mode,
    command,
    opened: opened.all,
    arguments: starts,
    pages: pages.all,
    waitForTab: (n) => opened.nth(n),
    waitForPage: (n) => pages.nth(n),
    finish: async (n, decision = 'approve') => follow(n, await opened.nth(n), decision),
    visit: (url, decision = 'approve') => follow(0, url, decision),
    async close() {
      rmSync(folder, { recursive: true, force: true });
      await control.close();
    },
  };
  return browser;
}

/** The first line names this very Node: the program under test may run with an empty PATH. */
function executable(control: string): string {
  return `#!${process.execPath}
const request = require('node:http').request(${JSON.stringify(control)}, { method: 'POST', agent: false }, (response) => {
  let text = '';
  response.setEncoding('utf8').on('data', (chunk) => { text += chunk; });
  response.on('end', () => { process.exitCode = text === 'broken' ? 1 : 0; });
});
request.on('error', () => { process.exitCode = 1; });
request.end(JSON.stringify(process.argv.slice(2)));
`;
}

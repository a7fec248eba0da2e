#!/usr/bin/env node
// Stands in for a person's browser, as the program that BROWSER names: it loads the page it is given and follows the
// redirects of an authorization server that approves everything, up to the proxy's callback. It does so at once, so
// the callback must be listening before the browser is opened, and it ends when the last page is there.
//
//   argv            the URL, last
//   BROWSER_LOG     file for one line per page
//   BROWSER_DELAY   milliseconds before the first page, none unless told: how a program fares with a slow browser
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

const MOST_PAGES = 10;
const PATIENCE_MS = 20_000;

function log(line) {
  if (process.env.BROWSER_LOG) fs.appendFileSync(process.env.BROWSER_LOG, `${line}\n`);
}

/** Loads a page, the whole of it, and resolves with where it redirects to, if it does. */
function load(url) {
  return new Promise((resolve, reject) => {
    const { get } = url.protocol === 'https:' ? https : http;
    const request = get(url, { agent: false, headers: { accept: 'text/html,*/*;q=0.8' } }, (response) => {
      const { statusCode, headers } = response;
      log(`${statusCode} ${url}`);
      response.resume();
      response.on('error', reject);
      response.on('end', () => resolve(statusCode >= 300 && statusCode < 400 ? headers.location : undefined));
    });
    request.on('error', reject);
  });
}

// A page that never ends must not keep this process alive after the scenario.
setTimeout(() => {
  log(`gave up after ${PATIENCE_MS} ms`);
  process.exit(0);
}, PATIENCE_MS).unref();

const slowness = Number(process.env.BROWSER_DELAY ?? 0);
if (slowness > 0) await delay(slowness);
try {
  let url = new URL(process.argv.at(-1));
  for (let pages = 1; url; pages += 1) {
    if (pages > MOST_PAGES) throw new Error(`more than ${MOST_PAGES} pages`);
    const location = await load(url);
    url = location && new URL(location, url);
  }
} catch (error) {
  // A page that cannot be loaded is shown to the person; the program that opened the browser does not hear of it.
  log(`failed: ${error.code ?? ''} ${error.message} (opened with ${process.argv.slice(2).join(' ')})`);
}

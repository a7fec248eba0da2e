// Every page fits a telephone and can be read there, in light and dark.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGE_HEADERS } from '../../src/platform/page.ts';
import { type Chromium, startChromium } from '../blackbox/sign-in/chromium.ts';
import { BROKEN_WORDS, CONTRASTS } from './measures.ts';
import { PAGES } from './pages.ts';

const server = http.createServer((request, response) => {
  response.writeHead(200, { ...PAGE_HEADERS, 'content-type': 'text/html; charset=utf-8' });
  response.end(PAGES.get((request.url ?? '').slice(1)));
});
let chromium: Chromium;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  chromium = await startChromium();
});
afterAll(async () => {
  await chromium?.close();
  server.closeAllConnections();
  server.close();
});

describe.each([...PAGES.keys()])('%s', (name) => {
  it.each([false, true])('at 390 pixels, dark: %s', async (dark) => {
    const { port } = server.address() as AddressInfo;
    const tab = await chromium.open(`http://127.0.0.1:${port}/${name}`, { width: 390, height: 844, dark });
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(await tab.evaluate(BROKEN_WORDS)).toEqual([]);
    const contrasts = await tab.evaluate<number[]>(CONTRASTS);
    expect(contrasts.length).toBeGreaterThan(2);
    // WCAG 2.2, 1.4.3, level AA.
    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
    expect(tab.complaints.filter((text) => !text.includes('favicon'))).toEqual([]);
  });
});

// Every page fits a telephone and can be read there, in light and dark.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chromium, startChromium } from '../blackbox/sign-in/chromium.ts';
import { BROKEN_WORDS, CONTRASTS } from './measures.ts';
import { PAGES } from './pages.ts';
import { type PageServer, servePages } from './serve.ts';
import { STATUS_PAGES } from './status-pages.ts';

let server: PageServer;
let chromium: Chromium;
beforeAll(async () => {
  server = await servePages();
  chromium = await startChromium();
});
afterAll(async () => {
  await chromium?.close();
  server?.close();
});

describe.each([...PAGES.keys(), ...STATUS_PAGES.keys()])('%s', (name) => {
  it.each([false, true])('at 390 pixels, dark: %s', async (dark) => {
    const tab = await chromium.open(server.url(name), { width: 390, height: 844, dark });
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(await tab.evaluate(BROKEN_WORDS)).toEqual([]);
    const contrasts = await tab.evaluate<number[]>(CONTRASTS);
    expect(contrasts.length).toBeGreaterThan(2);
    // WCAG 2.2, 1.4.3, level AA.
    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
    expect(tab.complaints.filter((text) => !text.includes('favicon'))).toEqual([]);
  });
});

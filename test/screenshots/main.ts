// Opens pages in Chromium and keeps what they look like: every page, narrow and wide, light and dark; or with --docs
// the few that docs/ shows, small.
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { PAGE_HEADERS } from '../../src/platform/page.ts';
import { startChromium } from '../blackbox/sign-in/chromium.ts';
import { PAGES } from './pages.ts';

interface Shot {
  readonly page: string;
  readonly width: number;
  readonly height: number;
  readonly dark: boolean;
  /** Without the ending. */
  readonly file: string;
}

const toDocs = process.argv[2] === '--docs';
const folder = path.resolve(toDocs ? 'docs/images' : (process.argv[2] ?? 'screenshots'));

/** In CSS pixels: as high as the page is, so that nothing but the page is in the picture. */
const DOCS = [
  ['signed-in', 600, 410],
  ['failed-said', 600, 530],
  ['home-sign-in', 600, 620],
] as const;

const THEMES = [false, true].map((dark) => ({ dark, theme: dark ? 'dark' : 'light' }));

const shots: readonly Shot[] = toDocs
  ? DOCS.flatMap(([page, width, height]) =>
      THEMES.map(({ dark, theme }) => ({ page, width, height, dark, file: `${page}-${theme}` })),
    )
  : [...PAGES.keys()].flatMap((page) =>
      [
        { width: 390, height: 844 },
        { width: 1280, height: 800 },
      ].flatMap((size) =>
        THEMES.map(({ dark, theme }) => ({ page, ...size, dark, file: `${page}-${size.width}-${theme}` })),
      ),
    );

const server = http.createServer((request, response) => {
  const html = PAGES.get(decodeURIComponent((request.url ?? '').slice(1)));
  response.writeHead(html === undefined ? 404 : 200, { ...PAGE_HEADERS, 'content-type': 'text/html; charset=utf-8' });
  response.end(html);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const chromium = await startChromium();
try {
  mkdirSync(folder, { recursive: true });
  for (const { page, file, ...options } of shots) {
    const tab = await chromium.open(`${origin}/${encodeURIComponent(page)}`, options);
    writeFileSync(path.join(folder, `${file}.png`), await tab.screenshot());
  }
  process.stdout.write(`${shots.length} screenshots in ${folder}\n`);
} finally {
  await chromium.close();
  server.closeAllConnections();
  server.close();
}

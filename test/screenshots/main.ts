// Opens every page in Chromium, narrow and wide, light and dark, and keeps what it looks like.
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { PAGE_HEADERS } from '../../src/platform/page.ts';
import { startChromium } from '../blackbox/sign-in/chromium.ts';
import { PAGES } from './pages.ts';

const folder = path.resolve(process.argv[2] ?? 'screenshots');
const SIZES = [
  [390, 844],
  [1280, 800],
] as const;

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
  for (const name of PAGES.keys()) {
    for (const [width, height] of SIZES) {
      for (const dark of [false, true]) {
        const tab = await chromium.open(`${origin}/${encodeURIComponent(name)}`, { width, height, dark });
        const file = `${name}-${width}-${dark ? 'dark' : 'light'}.png`;
        writeFileSync(path.join(folder, file), await tab.screenshot());
      }
    }
  }
  process.stdout.write(`${PAGES.size * SIZES.length * 2} screenshots in ${folder}\n`);
} finally {
  await chromium.close();
  server.closeAllConnections();
  server.close();
}

// Opens pages in Chromium and saves screenshots: every page, narrow and wide, light and dark; or with --docs, small,
// the few that docs/ shows, and what the doctor writes on a terminal.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startChromium } from '../blackbox/sign-in/chromium.ts';
import { PAGES } from './pages.ts';
import { servePages } from './serve.ts';
import { STATUS_PAGES } from './status-pages.ts';
import { TERMINAL_WIDTH, TERMINALS } from './terminals.ts';

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

/** In CSS pixels: the height of the page, or of its first part. */
const DOCS = [
  { page: 'signed-in', width: 600, height: 410 },
  { page: 'failed-said', width: 600, height: 530 },
  { page: 'home-sign-in', width: 600, height: 620 },
  { page: 'status', width: 960, height: 1_310 },
  { page: 'status', width: 390, height: 844, name: 'status-phone' },
  ...[...TERMINALS].map(([page, { height }]) => ({ page, width: TERMINAL_WIDTH, height })),
].map(({ page, width, height, name = page }: { page: string; width: number; height: number; name?: string }) => ({
  page,
  width,
  height,
  name,
}));

const THEMES = [false, true].map((dark) => ({ dark, theme: dark ? 'dark' : 'light' }));

const shots: readonly Shot[] = toDocs
  ? DOCS.flatMap(({ name, ...shot }) => THEMES.map(({ dark, theme }) => ({ ...shot, dark, file: `${name}-${theme}` })))
  : [...PAGES.keys(), ...STATUS_PAGES.keys()].flatMap((page) =>
      [
        { width: 390, height: 844 },
        { width: 1280, height: 800 },
      ].flatMap((size) =>
        THEMES.map(({ dark, theme }) => ({ page, ...size, dark, file: `${page}-${size.width}-${theme}` })),
      ),
    );

const server = await servePages();
const chromium = await startChromium();
try {
  mkdirSync(folder, { recursive: true });
  for (const { page, file, ...options } of shots) {
    const tab = await chromium.open(server.url(page), { ...options, scrollbars: false });
    writeFileSync(path.join(folder, `${file}.png`), await tab.screenshot());
  }
  process.stdout.write(`${shots.length} screenshots in ${folder}\n`);
} finally {
  await chromium.close();
  server.close();
}

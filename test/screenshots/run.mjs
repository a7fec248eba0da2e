// `npm run screenshots [-- folder]`: every page that browsers are shown, as PNG files. What it runs is written in
// TypeScript, which not every Node can load: it is put into one file first.
import { runAsOneFile } from '../../scripts/one-file.mjs';

await runAsOneFile('test/screenshots/main.ts', 'screenshots');

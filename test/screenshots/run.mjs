// `npm run screenshots [-- folder]`: every page that browsers get, as PNG files. The program is in TypeScript, which
// not every Node can load, so it is bundled into one file first.
import { runAsOneFile } from '../../scripts/one-file.mjs';

await runAsOneFile('test/screenshots/main.ts', 'screenshots');

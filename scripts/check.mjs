// `npm run check`: the checks of the code that do not run it.
import { capture, toolOf } from './run.mjs';
import { ready } from './setup.mjs';

await ready();

const node = process.execPath;
const checks = {
  'types (tsc)': [node, toolOf('typescript', 'tsc'), '--noEmit', '-p', 'tsconfig.json'],
  'lint and format (biome)': [node, toolOf('@biomejs/biome', 'biome'), 'check', '--error-on-warnings'],
  'unused code (knip)': [node, toolOf('knip'), '--no-progress'],
  'package (publint)': [node, toolOf('publint'), '--strict'],
};

let failed = false;
for (const [name, command] of Object.entries(checks)) {
  const { code, output } = await capture(command);
  process.stdout.write(`${name}: ${code === 0 ? 'ok' : 'FAILED'}\n`);
  if (code !== 0) {
    failed = true;
    process.stdout.write(`${output.trimEnd().replace(/^/gm, '  ')}\n`);
  }
}
process.exitCode = failed ? 1 : 0;

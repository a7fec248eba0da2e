// `npm run reliability`: plays every cell of the matrix of faults, then writes the tables of docs/reliability.md anew.
// With `--tables`, it writes only the tables.
import { capture, show, toolOf } from '../../scripts/run.mjs';

const vitest = [process.execPath, toolOf('vitest'), 'run'];
const SERVERS = ['streamable', 'stateless', 'sse', 'stdio', 'modern-stdio', 'sign-in'];

async function play() {
  process.env.WHOLE_MATRIX = '1';
  return show([...vitest, '--reporter=dot', ...SERVERS.map((name) => `test/faults/${name}.test.ts`)]);
}

async function writeTables() {
  process.env.WRITE_RELIABILITY = '1';
  const { code, output } = await capture([...vitest, 'test/faults/table.test.ts']);
  if (code !== 0) process.stderr.write(output);
  return code;
}

const played = process.argv.includes('--tables') ? 0 : await play();
process.exitCode = played || (await writeTables());

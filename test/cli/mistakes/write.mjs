// `npm run mistakes [-- vitest arguments]`: makes every mistake of the table, and writes the outcome to
// docs/mistakes.md. With `-- -t TITLE`, only that text changes.
import { show, toolOf } from '../../../scripts/run.mjs';

process.env.WRITE_MISTAKES = '1';
const args = process.argv.slice(2);
process.exitCode = await show([process.execPath, toolOf('vitest'), 'run', 'test/cli/mistakes', ...args]);

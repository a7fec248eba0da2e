// `npm run matrix`: every way to reach the program with every kind of server, and what came of it to docs/compatibility.md.
import { show, toolOf } from '../../../scripts/run.mjs';

process.env.WRITE_MATRIX = '1';
process.exitCode = await show([process.execPath, toolOf('vitest'), 'run', 'test/parity/matrix']);

// `npm run man`: writes man/mcp-proxy.1 from the table of flags.
import { capture, toolOf } from '../../../scripts/run.mjs';

process.env.WRITE_MAN_PAGE = '1';
const { code, output } = await capture([process.execPath, toolOf('vitest'), 'run', 'test/cli/man-page']);
if (code !== 0) process.stderr.write(output);
process.exitCode = code;

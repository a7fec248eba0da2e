// Host names for tests that need other names than those of loopback. See names.cjs.
import { fileURLToPath } from 'node:url';

/** Options of startProxy that make the names known to the program. */
export const NAMES = { nodeArgs: ['--require', fileURLToPath(new URL('./names.cjs', import.meta.url))] };

/** Is this machine, but no loopback name. */
export const DIRECT = 'mcp.direct.test';
/** Only an outbound proxy knows this name. */
export const INSIDE = 'mcp.inside.test';

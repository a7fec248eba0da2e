// `npm run foreign [-- --write-docs]`. The program is in TypeScript, which not every Node can load, so it is bundled
// into one file first.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { runAsOneFile } from '../../scripts/one-file.mjs';
import { root } from '../../scripts/run.mjs';

for (const [command, ...args] of [
  ['python3', '--version'],
  ['go', 'version'],
]) {
  if (spawnSync(command, args).status !== 0) {
    process.stderr.write(`npm run foreign needs ${command} on the PATH\n`);
    process.exit(1);
  }
}

process.chdir(root);
process.env.MCP_PROXY_BIN ??= path.join(root, 'bin', 'mcp-proxy.js');
await runAsOneFile('test/foreign/main.ts', 'foreign');

// `npm run hosts`. The program is in TypeScript, which not every Node can load, so it is bundled into one file first.
import path from 'node:path';
import { nodeOf } from '../../scripts/nodes.mjs';
import { runAsOneFile } from '../../scripts/one-file.mjs';
import { npm, root } from '../../scripts/run.mjs';

process.chdir(root);
process.env.MCP_PROXY_BIN ??= path.join(root, 'bin', 'mcp-proxy.js');
// The newest of these hosts need it.
process.env.HOSTS_NODE = await nodeOf('24');
process.env.HOSTS_NPM = JSON.stringify(npm());
await runAsOneFile('test/hosts/main.ts', 'hosts');

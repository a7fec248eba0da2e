// `npm run chaos [-- --minutes 60 --clients 20 --seed N --replicas 3]`. The program is in TypeScript, which not every
// Node can load, so it is bundled into one file first.
import path from 'node:path';
import { runAsOneFile } from '../../scripts/one-file.mjs';
import { installPeers } from '../../scripts/peers.mjs';
import { root } from '../../scripts/run.mjs';

const needsStore = process.argv.some((arg) => arg.startsWith('--replicas'));
if (needsStore) for (const line of await installPeers()) process.stderr.write(`${line}\n`);

process.env.MCP_PROXY_BIN ??= path.join(root, 'bin', 'mcp-proxy.js');
await runAsOneFile('test/chaos/main.ts', 'chaos');

#!/usr/bin/env node
// Checks the Node version before anything else is loaded: an old Node would
// otherwise fail on syntax, with a message that helps nobody. CommonJS, as the program is: see scripts/bundle.mjs.
const { node } = process.versions;
const [major = 0, minor = 0] = node.split('.').map(Number);
const isOld = major < 20 || (major === 20 && minor < 19);
// 21 and 22.0 to 22.2 are newer, but lack what 20.16 and 22.3 brought.
if (isOld || !process.getBuiltinModule) refuse();
else start();

function start() {
  const { enableCompileCache } = require('node:module');
  if (enableCompileCache) require('../dist/compile-cache.cjs').keepCompiledCode(enableCompileCache);
  require('../dist/mcp-proxy.cjs').main();
}

async function refuse() {
  const except = isOld ? '' : ', except 21 and 22.0 to 22.2';
  const problem = `needs Node 20.19 or newer${except}, this is ${node}. Point your host's config at a newer node.`;
  process.stderr.write(`mcp-proxy: ${problem}\n`);
  if (!process.stdin.isTTY) await answerFirst(`mcp-proxy ${problem}`);
  process.exit(78);
}

/**
 * Hosts show the answer to their first request, and rarely stderr. Written for old versions of Node, which cannot load
 * what the program itself does in such a case.
 * @param {string} message
 */
async function answerFirst(message) {
  const { createInterface } = require('node:readline');
  await new Promise((resolve) => {
    setTimeout(resolve, 2_000);
    let answered = false;
    const lines = createInterface({ input: process.stdin });
    lines.on('close', () => answered || resolve(undefined));
    lines.on('line', (line) => {
      try {
        const { id, method } = JSON.parse(line);
        if (answered || id === undefined || method === undefined) return;
        answered = true;
        const error = { code: -32603, message };
        process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, error })}\n`, resolve);
      } catch {
        // Not a message, and so not a request.
      }
    });
  });
}

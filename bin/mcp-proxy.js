#!/usr/bin/env node
// Checks what the program needs before it is loaded: an old Node would fail on syntax, and a clone that is not built on
// a missing file, with messages that help nobody. CommonJS, as the program is: see scripts/bundle.mjs.
const { node } = process.versions;
const [major = 0, minor = 0] = node.split('.').map(Number);
const isOld = major < 20 || (major === 20 && minor < 19);
// 21 and 22.0 to 22.2 are newer, but lack what 20.16 and 22.3 brought.
if (isOld || !process.getBuiltinModule) refuse(oldNode());
else start();

function start() {
  const { enableCompileCache } = require('node:module');
  let program;
  try {
    if (enableCompileCache) require('../dist/compile-cache.cjs').keepCompiledCode(enableCompileCache);
    program = require('../dist/mcp-proxy.cjs');
  } catch (error) {
    if (!isNotBuilt(error)) throw error;
    refuse(`is not built. Run "npm ci" and "npm run build" in ${__dirname.replace(/[\\/]bin$/, '')}.`);
    return;
  }
  program.main();
}

/** @param {unknown} error */
function isNotBuilt(error) {
  return error instanceof Error && /^Cannot find module '\.\.\/dist\//.test(error.message);
}

function oldNode() {
  const except = isOld ? '' : ', except 21 and 22.0 to 22.2';
  return `needs Node 20.19 or newer${except}, this is ${node}. Point your host's config at a newer node.`;
}

/** @param {string} problem */
async function refuse(problem) {
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
  // biome-ignore lint/style/useNodejsImportProtocol: no Node before 14.18 can load a module by a name with a scheme
  const { createInterface } = require('readline');
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

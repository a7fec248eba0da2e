// How much of the prompt --tool-search saves, and how often it finds the right tool: npm run bench:tool-search. With
// --misses, it names the questions whose tool is not among the first five.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { toolSet } from './sets.mjs';
import { TARGETS } from './targets.mjs';
import { tokenCounter } from './tokens.mjs';

const BIN = fileURLToPath(new URL('../../bin/mcp-proxy.js', import.meta.url));
const QUESTIONS = TARGETS.flatMap(([name, , , questions]) => questions.map((question) => ({ name, question })));

/** A server of 2025-11-25 with these tools. @param {object[]} tools @returns {Promise<http.Server>} */
async function serve(tools) {
  const server = http.createServer(async (req, res) => {
    let text = '';
    for await (const chunk of req) text += chunk;
    if (req.method !== 'POST') return res.writeHead(405).end();
    const { id, method, params } = JSON.parse(text);
    if (id === undefined) return res.writeHead(202).end();
    const result =
      method === 'initialize'
        ? {
            protocolVersion: params.protocolVersion,
            capabilities: { tools: {} },
            serverInfo: { name: 'set', version: '1' },
          }
        : { tools };
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  return server;
}

/** The program on stdio, and a way to ask it. @param {number} port */
function start(port) {
  const home = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-search-'));
  const env = { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: home };
  const child = spawn(process.execPath, [BIN, `http://127.0.0.1:${port}/mcp`, '--tool-search', '--quiet'], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  /** @type {Map<number, (message: any) => void>} */
  const waiting = new Map();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line);
    waiting.get(message.id)?.(message);
  });
  let last = 0;
  /** @param {string} method @param {object} params @returns {Promise<any>} */
  const ask = (method, params = {}) =>
    new Promise((resolve) => {
      waiting.set(++last, ({ result }) => resolve(result));
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: last, method, params })}\n`);
    });
  const close = async () => {
    child.stdin.end();
    await new Promise((resolve) => child.once('close', resolve));
    rmSync(home, { recursive: true, force: true });
  };
  return { ask, close };
}

/** @param {number} size @param {(text: string) => number} tokensOf */
async function measure(size, tokensOf) {
  const tools = toolSet(size);
  const server = await serve(tools);
  const { ask, close } = start(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
  await ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  });
  const whole = tokensOf(JSON.stringify(tools));
  const shown = tokensOf(JSON.stringify((await ask('tools/list')).tools));
  let [first, five, answers] = [0, 0, 0];
  for (const { name, question } of QUESTIONS) {
    const { content } = await ask('tools/call', { name: 'find_tools', arguments: { query: question } });
    const { text } = content[0];
    const found = text.startsWith('[') ? JSON.parse(text).map((/** @type {{ name: string }} */ each) => each.name) : [];
    answers += tokensOf(text);
    if (found[0] === name) first++;
    if (found.includes(name)) five++;
    else if (process.argv.includes('--misses'))
      process.stdout.write(`${size}: ${question} (${name}): ${found.join(', ')}\n`);
  }
  await close();
  server.close();
  server.closeAllConnections();
  const answer = answers / QUESTIONS.length;
  const share = (/** @type {number} */ tokens) => `${(100 * (1 - tokens / whole)).toFixed(1)} %`;
  return [
    size,
    JSON.stringify(tools).length,
    whole,
    shown,
    share(shown),
    Math.round(answer),
    share(shown + answer),
    `${first} %`,
    `${five} %`,
  ];
}

const head = [
  'tools',
  'bytes of the list',
  'tokens of the list',
  'with search',
  'saved',
  'one answer',
  'saved after it',
  'right tool first',
  'in the first five',
];
process.stdout.write(`| ${head.join(' | ')} |\n|${head.map(() => '---|').join('')}\n`);
const tokensOf = await tokenCounter();
for (const size of [50, 300, 2_000]) process.stdout.write(`| ${(await measure(size, tokensOf)).join(' | ')} |\n`);

// The main job, to look at: a host starts the proxy as its stdio server, and
// the proxy connects it to a server that speaks HTTP. Every line between host
// and proxy is shown as it is on the wire.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { StdioHost } from './host.mjs';
import { startServer } from './server.mjs';
import { transcript } from './transcript.mjs';

const program = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'mcp-proxy.js');
const show = transcript(process.stdout);
/** @type {[string, number][]} */
const times = [];
let doing = 'starting the example server';

try {
  if (!existsSync(path.join(path.dirname(program), '..', 'dist'))) throw new Error('dist/ is missing');
  await demo();
  show.times('How long each step took', times);
  showConfig();
} catch (error) {
  show.failure(`\nThe demo failed while ${doing}.\n  ${error.message}`);
  show.line('  What to do: `npm run build` and `npm start` again; if it stays, run the proxy by hand with');
  show.line('  `node bin/mcp-proxy.js <url> --log-level debug` against the server of `node examples/server.mjs`.');
  process.exitCode = 1;
}

async function demo() {
  const server = await startServer();
  // State of its own: the demo neither reads nor changes what the proxy remembers for its user.
  const home = mkdtempSync(path.join(tmpdir(), 'mcp-proxy-demo-'));
  const env = { ...process.env, HOME: home, XDG_CACHE_HOME: home, LOCALAPPDATA: home };
  show.line(`server   ${server.url}  (examples/server.mjs, official SDK, Streamable HTTP)`);
  show.line(`command  node bin/mcp-proxy.js ${server.url}`);
  show.line('shown    every line on the wire, clipped, without its "jsonrpc":"2.0"');
  /** @type {StdioHost | undefined} */
  let host;
  try {
    await step('Connect', 'connecting', async () => {
      host = new StdioHost([process.execPath, program, server.url], env, show.message);
      await host.request('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'demo-host', version: '1.0.0' },
      });
      host.notify('notifications/initialized');
    });
    await step('List the tools', 'listing the tools', async () => {
      const { tools } = await host.request('tools/list');
      const names = tools.map((/** @type {{ name: string }} */ tool) => tool.name);
      if (!names.includes('count')) throw new Error(`the server's tool "count" is missing in ${JSON.stringify(names)}`);
    });
    await step('Call a tool', 'calling the tool "greet"', () =>
      call(host, 'greet', { name: 'world' }, 'Hello, world!'),
    );
    await step('Call a tool with progress', 'calling the tool "count"', async () => {
      await call(host, 'count', { to: 5 }, 'Counted to 5.', 'p1');
      const seen = host.notifications.filter((method) => method === 'notifications/progress').length;
      if (seen !== 5) throw new Error(`expected 5 progress notifications before the result, got ${seen}`);
    });
    await step('Close', 'closing', async () => {
      show.note('the host closes stdin');
      await host.close();
      if (server.openSessions() !== 0) throw new Error('the proxy left its session open at the server');
      show.note('exit code 0, and the session at the server is closed');
    });
  } finally {
    host?.kill();
    await server.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * @param {StdioHost} host @param {string} name @param {object} args
 * @param {string} expected @param {string} [progressToken]
 */
async function call(host, name, args, expected, progressToken) {
  const meta = progressToken && { _meta: { progressToken } };
  const result = await host.request('tools/call', { name, arguments: args, ...meta });
  const [content] = result.content;
  if (content?.text !== expected) throw new Error(`expected "${expected}", got ${JSON.stringify(result)}`);
}

/** @param {string} title @param {string} gerund @param {() => Promise<void>} work */
async function step(title, gerund, work) {
  doing = gerund;
  show.heading(title);
  const start = performance.now();
  await work();
  times.push([title, performance.now() - start]);
}

function showConfig() {
  const entry = { command: process.execPath, args: [program, 'https://example.com/mcp'] };
  show.heading("What to put into a host's config");
  show.line('Claude Desktop (claude_desktop_config.json), Cursor (.cursor/mcp.json) and most others, with your URL:\n');
  show.line(JSON.stringify({ mcpServers: { 'my-server': entry } }, undefined, 2));
  show.line('\nTo have it written for you: node bin/mcp-proxy.js install HOST URL, with HOST such as cursor');
  show.line('(docs/flags.md lists the hosts).');
}

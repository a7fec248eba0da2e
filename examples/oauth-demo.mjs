// The sign-in, to look at: a host starts the proxy in front of a server that wants a token, and a user signs
// in. Every line between host and proxy is shown, and every request that the sign-in is made of.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startAuthorizationServer } from './authorization-server.mjs';
import { StdioHost } from './host.mjs';
import { startServer } from './server.mjs';
import { transcript } from './transcript.mjs';

const program = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'mcp-proxy.js');
const show = transcript(process.stdout);
let doing = 'starting the servers';

try {
  await demo();
} catch (error) {
  show.failure(`\nThe demo failed while ${doing}.\n  ${error.message}`);
  show.line('  What to do: `npm run build` and `npm start -- --demo oauth` again.');
  process.exitCode = 1;
}

async function demo() {
  const seen = (/** @type {string} */ line) => show.note(`auth server  ${line}`);
  const authority = await startAuthorizationServer(seen);
  const server = await startServer();
  const door = await protect(server.url, authority);
  const home = mkdtempSync(path.join(tmpdir(), 'mcp-proxy-demo-'));
  // Without a browser, the proxy shows the address. Here the demo plays the user who opens it.
  const env = { ...process.env, HOME: home, XDG_CACHE_HOME: home, LOCALAPPDATA: home, SSH_TTY: 'demo' };
  delete env.BROWSER;
  /** @type {StdioHost[]} */
  const hosts = [];
  /** @param {(kind: 'out' | 'in' | 'log', text: string) => void} [listener] */
  const start = async (listener = show.message) => {
    const host = new StdioHost([process.execPath, program, door.url], env, listener);
    hosts.push(host);
    await host.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'demo-host', version: '1.0.0' },
    });
    host.notify('notifications/initialized');
    return host;
  };
  show.line(`server   ${door.url}  (examples/server.mjs, behind a door that wants a token)`);
  show.line(`sign-in  ${authority.issuer}  (examples/authorization-server.mjs)`);
  show.line(`command  node bin/mcp-proxy.js ${door.url}`);
  try {
    step('Connect: the host is answered at once, and the sign-in begins', 'connecting');
    /** @type {(url: string) => void} */
    let found = () => {};
    const page = new Promise((resolve) => {
      found = resolve;
    });
    const first = await start((kind, text) => {
      show.message(kind, text);
      const [, url] = (kind === 'log' && /sign in here: (\S+)/.exec(text)) || [];
      if (url) found(url);
    });

    step('The user opens the page, and agrees', 'signing in');
    const tools = first.request('tools/list');
    const answer = await fetch(await page);
    const title = /<title>([^<]+)/.exec(await answer.text())?.[1];
    show.note(`browser      ${answer.status} ${title}`);
    await tools;

    step('Call a tool', 'calling the tool "greet"');
    await greet(first);
    await first.close();

    step('Start again: nobody is asked a second time', 'starting again');
    const second = await start();
    await greet(second);
    await second.close();

    step('mcp-proxy status', 'asking for the status');
    await run(['status'], env);
    step('mcp-proxy logout', 'signing out');
    await run(['logout', door.url], env);
  } finally {
    for (const host of hosts) host.kill();
    await Promise.all([door.close(), server.close(), authority.close()]);
    rmSync(home, { recursive: true, force: true });
  }
}

/** A door in front of a server: who has no token is told where to get one (RFC 9728). */
async function protect(
  /** @type {string} */ target,
  /** @type {{ issuer: string, knows(token: string): boolean }} */ { issuer, knows },
) {
  const http = createServer(async (req, res) => {
    const origin = `http://${req.headers.host}`;
    const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
    if (req.url === '/.well-known/oauth-protected-resource/mcp') {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ resource: `${origin}/mcp`, authorization_servers: [issuer] }));
    } else if (!knows(req.headers.authorization?.replace(/^Bearer /, '') ?? '')) {
      res.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${metadata}"` }).end();
    } else {
      await forward(target, req, res);
    }
  });
  await new Promise((resolve) => {
    http.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** @param {string} target @param {import('node:http').IncomingMessage} req @param {import('node:http').ServerResponse} res */
async function forward(target, req, res) {
  const { authorization: _, host: __, ...headers } = req.headers;
  const onward = request(target, { method: req.method, headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    res.flushHeaders();
    answer.pipe(res);
  });
  onward.on('error', () => res.destroy());
  res.on('close', () => onward.destroy());
  req.pipe(onward);
}

async function greet(/** @type {StdioHost} */ host) {
  const { content } = await host.request('tools/call', { name: 'greet', arguments: { name: 'world' } });
  if (content[0]?.text !== 'Hello, world!') throw new Error(`unexpected result ${JSON.stringify(content)}`);
}

/** @param {string} title @param {string} gerund */
function step(title, gerund) {
  doing = gerund;
  show.heading(title);
}

/** @param {string[]} args @param {NodeJS.ProcessEnv} env */
async function run(args, env) {
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) output += chunk;
  for (const line of output.trimEnd().split('\n')) show.line(`  ${line}`);
}

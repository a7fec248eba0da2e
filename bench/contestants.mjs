// Who is measured: how each is started, and what it takes to have it here.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { StdioClient } from './client.mjs';
import { HttpClients } from './http-clients.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '..');
const rivals = path.join(here, 'rivals');
const stdioServer = path.join(here, 'stdio-server.mjs');
const loopback = pathToFileURL(path.join(here, 'loopback.mjs')).href;

export const FLOOR = 'floor';
export const OURS = 'mcp-proxy';
export const SIGNED_IN = 'signed in';
export const OVER_HTTP = 'HTTP server';
export const IN_FILE = 'in a file';
export const JOINED = 'one of twelve';
/** This program with a larger space for what is young, for many calls at a time. */
export const ROOMY = 'with more room';
/** The program of the same name on npm, called by its author here. */
export const NAMESAKE = 'punkpeye/mcp-proxy';

/** What the clients speak to a contestant. */
export const STDIO = 'stdio';
export const HTTP = 'http';
/** The same in front of a local server, which the contestant starts. */
export const LOCAL = 'local';
export const LOCAL_HTTP = 'local-http';
/** This program alone, in front of servers that it gets in several ways. */
export const SEVERAL = 'several';

const rivalVersions = JSON.parse(readFileSync(path.join(rivals, 'package.json'), 'utf8')).dependencies;

const all = [
  {
    name: FLOOR,
    what: 'a bare `node:http` hop of about 40 lines (`bench/floor.mjs`) that knows nothing of the protocol: what any such program costs at least',
    script: () => path.join(here, 'floor.mjs'),
    args: (url) => [url],
  },
  { name: OURS, what: 'this program, `mcp-proxy URL`', script: builtProxy, args: (url) => [url] },
  {
    name: SIGNED_IN,
    what: 'this program again, with a stored sign-in whose token goes with every request',
    script: builtProxy,
    args: (url) => [url],
    prepare: storeSignIn,
  },
  {
    name: 'mcp-remote',
    what: `mcp-remote ${rivalVersions['mcp-remote']} from npm, \`mcp-remote URL --allow-http --transport http-only\``,
    rival: true,
    script: () => rivalScript('mcp-remote'),
    args: (url) => [url, '--allow-http', '--transport', 'http-only'],
    modernArgs: ['--protocol', 'auto'],
  },
  {
    name: 'supergateway',
    what: `supergateway ${rivalVersions.supergateway} from npm, \`supergateway --streamableHttp URL\``,
    rival: true,
    script: () => rivalScript('supergateway'),
    args: (url) => ['--streamableHttp', url],
  },
  {
    name: FLOOR,
    mode: HTTP,
    what: 'a bare `node:http` server of about 20 lines (`bench/http-floor.mjs`) that pipes requests and answers through a keep-alive agent',
    script: () => path.join(here, 'http-floor.mjs'),
    args: (url) => [url],
  },
  {
    name: OURS,
    mode: HTTP,
    what: 'this program, `mcp-proxy URL --listen 127.0.0.1:0`',
    script: builtProxy,
    args: (url) => [url, '--listen', '127.0.0.1:0'],
  },
  {
    name: ROOMY,
    mode: HTTP,
    what: 'this program again, started by `node --max-semi-space-size=64`, with many calls in flight only',
    script: builtProxy,
    nodeArgs: ['--max-semi-space-size=64'],
    args: (url) => [url, '--listen', '127.0.0.1:0'],
  },
  {
    name: NAMESAKE,
    mode: HTTP,
    what: `mcp-proxy ${rivalVersions['mcp-proxy']} from npm, \`mcp-proxy -- node bench/stdio-server.mjs\`: one server process for all clients`,
    rival: true,
    script: () => rivalScript('mcp-proxy'),
    nodeArgs: ['--import', loopback],
    args: () => ['--', process.execPath, stdioServer],
  },
  {
    name: 'supergateway',
    mode: HTTP,
    what: `supergateway ${rivalVersions.supergateway} from npm, \`supergateway --stdio "node bench/stdio-server.mjs" --outputTransport streamableHttp --stateful\`: a server process a client`,
    rival: true,
    script: () => rivalScript('supergateway'),
    nodeArgs: ['--import', loopback],
    args: () => [
      ...['--stdio', `"${process.execPath}" "${stdioServer}"`],
      ...['--outputTransport', 'streamableHttp', '--stateful'],
    ],
  },
  {
    name: FLOOR,
    mode: LOCAL,
    what: 'a bare pipe (`bench/pipe-floor.mjs`) that starts the server and passes bytes both ways',
    script: () => path.join(here, 'pipe-floor.mjs'),
    args: () => [process.execPath, stdioServer],
  },
  {
    name: OURS,
    mode: LOCAL,
    what: 'this program, `mcp-proxy -- node bench/stdio-server.mjs`',
    script: builtProxy,
    args: () => ['--', process.execPath, stdioServer],
  },
  {
    name: OURS,
    mode: LOCAL_HTTP,
    what: 'this program, `mcp-proxy --listen 127.0.0.1:0 -- node bench/stdio-server.mjs`: a server process a client',
    script: builtProxy,
    args: () => ['--listen', '127.0.0.1:0', '--', process.execPath, stdioServer],
  },
  {
    name: OVER_HTTP,
    mode: LOCAL_HTTP,
    what: 'this program in front of the server over HTTP, for its memory: `mcp-proxy URL --listen 127.0.0.1:0`',
    script: builtProxy,
    args: (url) => [url, '--listen', '127.0.0.1:0'],
  },
  {
    name: OURS,
    mode: SEVERAL,
    what: 'this program, `mcp-proxy URL`',
    script: builtProxy,
    args: (url) => [url],
  },
  {
    name: IN_FILE,
    mode: SEVERAL,
    what: 'this program, `mcp-proxy --config FILE`, with the same server as the only one of the file',
    script: builtProxy,
    prepare: (home, url) => writeServers(home, { bench: { url } }),
    args: (_, home) => ['--config', serversIn(home)],
  },
  {
    name: JOINED,
    mode: SEVERAL,
    what: 'this program, `mcp-proxy --config FILE`, with the same server and eleven others, whose lists are known and which are not called',
    script: builtProxy,
    prepare(home, url) {
      const others = Array.from({ length: 11 }, (_, number) => [`other-${number}`, { url, prefix: true }]);
      writeServers(home, { bench: { url }, ...Object.fromEntries(others) });
    },
    args: (_, home) => ['--config', serversIn(home)],
  },
];

const serversIn = (home) => path.join(home, 'servers.json');

function writeServers(home, mcpServers) {
  writeFileSync(serversIn(home), JSON.stringify({ mcpServers }));
}

/** The programs that put the same local server behind HTTP. */
const localRivals = all
  .filter(({ mode, rival }) => mode === HTTP && rival)
  .map((entry) => ({ ...entry, mode: LOCAL_HTTP }));

function builtProxy() {
  if (!existsSync(path.join(root, 'dist', 'mcp-proxy.cjs'))) throw new Error('not built');
  return path.join(root, 'bin', 'mcp-proxy.js');
}

/** What a user who signed in a while ago has on disk, in the cache folder of this system. */
function storeSignIn(home, url) {
  const cache = { darwin: ['Library', 'Caches'], win32: [] }[process.platform] ?? ['.cache'];
  const folder = path.join(home, ...cache, 'mcp-proxy', 'credentials');
  const name = createHash('sha256').update(`${url}\n\n`).digest('hex').slice(0, 32);
  const tokens = {
    accessToken: randomBytes(600).toString('base64url'),
    obtainedAt: Date.now(),
    bearer: 'access_token',
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(path.join(folder, `${name}.json`), JSON.stringify({ version: 1, serial: 1, url, tokens }), {
    mode: 0o600,
  });
}

// The script itself and not npx or a shell shim: package managers are not what is measured.
function rivalScript(name) {
  const folder = path.join(rivals, 'node_modules', name);
  return path.join(folder, JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).bin[name]);
}

function installRivals() {
  const have = ([name, version]) => {
    const manifest = path.join(rivals, 'node_modules', name, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version;
  };
  if (Object.entries(rivalVersions).every(have)) return;
  process.stderr.write(`bench: installing ${Object.keys(rivalVersions).join(', ')} into bench/rivals (once)\n`);
  const windows = process.platform === 'win32';
  execFileSync(windows ? 'npm.cmd' : 'npm', ['ci', '--prefix', rivals, '--ignore-scripts', '--no-audit', '--no-fund'], {
    stdio: ['ignore', 2, 2],
    shell: windows,
  });
}

// Nothing of this user's may help or hinder: no stored verdicts, tokens or proxies.
function cleanEnvironment(home) {
  const env = { HOME: home, USERPROFILE: home, LOCALAPPDATA: home, APPDATA: home };
  for (const name of ['PATH', 'SystemRoot', 'LANG', 'TMPDIR', 'TEMP']) {
    if (process.env[name] !== undefined) env[name] = process.env[name];
  }
  return env;
}

/**
 * The contestants of this run; one that cannot take part says why in `absent`.
 * @param options.node the executable that all of them run on
 */
export function contestants({ names, withRivals, node }) {
  let installation;
  const chosen = [...all, ...localRivals].filter(({ name, rival }) =>
    names ? name === FLOOR || names.has(name) : withRivals || !rival,
  );
  try {
    if (chosen.some(({ rival }) => rival)) installRivals();
  } catch (error) {
    installation = error;
  }
  return chosen.map((entry) => {
    const { name, what, mode = STDIO, rival, script } = entry;
    try {
      if (rival && installation) throw new Error(`not installed: ${installation.message}`);
      const file = script();
      return {
        name,
        what,
        mode,
        node,
        start: (url, options) => start({ ...entry, mode, file }, url, { node, ...options }),
      };
    } catch (error) {
      return { name, what, mode, absent: error.message };
    }
  });
}

export const contestantNames = [...new Set(all.map(({ name }) => name))];

/**
 * Starts a contestant: what drives it is then in touch with it. Its home is empty and goes away with it, unless
 * `home` names one that the caller keeps; `node` is the executable it runs on.
 */
function start({ mode, file, nodeArgs = [], args, modernArgs = [], prepare }, url, options = {}) {
  const { modern = false, modernClients = false, clients, node = process.execPath } = options;
  const home = options.home ?? mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-bench-'));
  prepare?.(home, url);
  const program = {
    command: node,
    args: [...nodeArgs, file, ...args(url, home), ...(modern ? modernArgs : [])],
    env: cleanEnvironment(home),
  };
  const driver =
    mode === HTTP || mode === LOCAL_HTTP ? new HttpClients(program, clients, modernClients) : new StdioClient(program);
  if (options.home === undefined) {
    driver.ended.then(() => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
  }
  return driver;
}

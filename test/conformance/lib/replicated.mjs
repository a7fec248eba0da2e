// Several replicas of the program, with a store that they share, behind nginx that sends each request to the next one.
// Ends with 0 when each replica has ended with 0.
//
//   node replicated.mjs COUNT PROGRAM ARGS…      without --state and --state-key, which are added
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const [count, ...command] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-replicated-'));
const START_MS = 20_000;
const children = [];

/** What the programs say comes behind the address of nginx: the first one is taken for the address of all. */
let held = '';
let isReady = false;
function tell(text) {
  if (isReady) process.stderr.write(text);
  else held += text;
}

/** Starts a program, and resolves with what `pattern` finds in what it says. */
function start([program, ...args], pattern, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const gone = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  const one = { child, gone };
  children.push(one);
  let said = '';
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${program} did not start: ${why}\n${said}`));
    const timer = setTimeout(() => fail('it took too long'), START_MS);
    const look = (text) => {
      tell(text);
      said += text;
      const found = pattern.exec(said);
      if (!found) return;
      clearTimeout(timer);
      resolve({ ...one, found: found[1] });
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', look);
    void gone.then(fail);
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function startNginx(ports) {
  const port = await freePort();
  const upstream = ports.map((each) => `server 127.0.0.1:${each} max_fails=0;`).join(' ');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${kind};`);
  const proxied = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;';
  const streams = 'proxy_buffering off; proxy_read_timeout 1h;';
  const lines = [
    'daemon off; master_process off; pid nginx.pid; error_log stderr notice; events {}',
    `http { access_log off; ${temporary.join(' ')} upstream all { ${upstream} }`,
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://all; ${proxied} ${streams} } } }`,
  ];
  fs.writeFileSync(path.join(folder, 'nginx.conf'), lines.join('\n'));
  await start(['nginx', '-p', `${folder}/`, '-c', 'nginx.conf', '-e', 'stderr'], /using the "/);
  return port;
}

const replicas = [];
async function run() {
  const port = await freePort();
  const store = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  await start(['redis-server', ...store], /Ready to accept connections/);
  const env = { ...process.env, STATE_KEY: randomBytes(32).toString('hex') };
  // In front of the command of a local server, if there is one.
  const end = command.includes('--') ? command.indexOf('--') : command.length;
  const shared = ['--state', `redis://127.0.0.1:${port}`, '--state-key', '${STATE_KEY}'];
  const words = [...command.slice(0, end), ...shared, ...command.slice(end)];
  const listening = /listening on http:\/\/127\.0\.0\.1:(\d+)/;
  const started = await Promise.all(Array.from({ length: Number(count) }, () => start(words, listening, { env })));
  replicas.push(...started);
  await untilComplete(started.map(({ found }) => found));
  const own = await startNginx(started.map(({ found }) => found));
  isReady = true;
  console.error(`listening on http://127.0.0.1:${own} with ${count} replicas`);
  tell(held);
}

/** Waits until each replica knows all of them. */
async function untilComplete(ports) {
  for (const port of ports) {
    for (let known = 0; known !== ports.length; ) {
      const { store } = await (await fetch(`http://127.0.0.1:${port}/readyz`)).json();
      known = store?.replicas;
      if (known !== ports.length) await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

let ending = false;
async function end(code) {
  if (ending) return;
  ending = true;
  for (const { child } of replicas) child.kill('SIGTERM');
  const ends = await Promise.all(replicas.map(({ gone }) => gone));
  for (const { child } of children) child.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true });
  const bad = ends.filter((how) => how !== 0);
  if (bad.length > 0) console.error(`replicas ended with ${bad.join(', ')}`);
  process.exit(code || (bad.length > 0 ? 1 : 0));
}

process.once('SIGTERM', () => end(0));
process.once('SIGINT', () => end(1));
run().catch((error) => {
  console.error(error.message);
  return end(1);
});

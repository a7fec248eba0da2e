// Prepares a clone: installs the packages of package-lock.json and builds dist/, each only when needed. `node
// scripts/setup.mjs [script args…]` then runs that script. Nothing is written to stdout: it may belong to a protocol.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';
import { capture, npm, root } from './run.mjs';

const at = (/** @type {string[]} */ ...names) => path.join(root, ...names);
const installStamp = at('node_modules', '.mcp-proxy', 'installed');
const buildStamp = at('node_modules', '.mcp-proxy', 'built');

async function setUp() {
  if (!existsSync(at('src', 'cli', 'main.ts')))
    throw new Error('src/cli/main.ts is missing: this is not a whole clone');
  if (isReady()) return;
  await withLock(at('.setup.lock'), async (started) => {
    if (!isInstallFresh()) await install(started);
    if (!isBuildFresh()) await build(started);
  });
}

function isReady() {
  try {
    return isInstallFresh() && isBuildFresh();
  } catch {
    // Read without the lock: another process may be replacing these files.
    return false;
  }
}

// The version of Node is not included: nothing installed depends on it. A program that a test starts under another
// version must not replace the files of the run.
const place = `${process.platform} ${process.arch}`;
const installation = () => `${hash([at('package-lock.json')])} ${place}`;
const isInstallFresh = () => read(installStamp) === installation();

/** @param {(pid: number | undefined) => void} started */
async function install(started) {
  // A stamp from another system means that the installed packages are useless here.
  const isForeign = !(read(installStamp) ?? place).endsWith(place);
  if (!isForeign && isInstalled()) return stamp(installStamp, installation());
  note('installing the dependencies');
  // Development dependencies even under NODE_ENV=production. No install scripts, because no package needs them.
  const flags = ['--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  await must([...npm(), 'ci', ...flags], 'installing the dependencies (npm ci) failed', started);
  stamp(installStamp, installation());
}

/**
 * Whether the developer ran `npm ci` by hand: npm's own record of its installation contains everything in the lockfile.
 */
function isInstalled() {
  const record = read(at('node_modules', '.package-lock.json'));
  if (record === undefined) return false;
  const installed = JSON.parse(record).packages ?? {};
  const locked = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  const fits = (/** @type {{ os?: string[], cpu?: string[] }} */ entry) =>
    (entry.os?.includes(process.platform) ?? true) && (entry.cpu?.includes(process.arch) ?? true);
  return (
    Object.entries(locked).every(
      ([name, entry]) => name === '' || entry.optional || installed[name]?.version === entry.version,
    ) && Object.values(installed).every(fits)
  );
}

const sources = [
  'package.json',
  'package-lock.json',
  'LICENSE',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/build.mjs',
  'scripts/bundle.mjs',
  'scripts/components.mjs',
  'scripts/declarations.mjs',
  'scripts/exports.mjs',
  'scripts/notices.mjs',
  'scripts/wrap.mjs',
];
// The built files count too: dist/ may have been changed, or built from other sources, by hand.
const construction = () =>
  `${hash([...sources.map((name) => at(name)), ...files(at('src'))])} ${hash(files(at('dist')))}`;
const isBuildFresh = () => read(buildStamp) === construction();

/** @param {(pid: number | undefined) => void} started */
async function build(started) {
  note('building');
  await must([process.execPath, at('scripts', 'build.mjs')], 'building dist/ (node scripts/build.mjs) failed', started);
  stamp(buildStamp, construction());
}

/** @param {string} folder @returns {string[]} */
function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** @param {string[]} names */
function hash(names) {
  const sum = createHash('sha256');
  for (const name of names)
    sum
      .update(`${path.relative(root, name)}\0`)
      .update(readFileSync(name))
      .update('\0');
  return sum.digest('hex');
}

/** @param {string} file */
function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** @param {string} file @param {string} text */
function stamp(file, text) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** @param {string[]} command @param {string} failure @param {(pid: number | undefined) => void} started */
async function must(command, failure, started) {
  const { code, output } = await capture(command, {}, started);
  if (code !== 0) throw new Error(`${failure}:\n${output.trimEnd()}`);
}

/**
 * Tells a waiting person the reason, but not a log or a host.
 * @param {string} text
 */
function note(text) {
  if (process.stderr.isTTY) process.stderr.write(`set-up: ${text} …\n`);
}

/** For scripts: prepares the clone, or reports what failed and ends the process. */
export async function ready() {
  try {
    await setUp();
  } catch (error) {
    process.stderr.write(`set-up: ${error.message}\n`);
    process.exit(1);
  }
}

/**
 * Continues as another script of this repository, in this process: its stdin, stdout and signals are then ours.
 * @param {string} script @param {string[]} args
 */
export async function become(script, args) {
  const file = at(script);
  if (!existsSync(file)) {
    process.stderr.write(`set-up: ${script} does not exist in this clone\n`);
    process.exit(1);
  }
  process.argv = [process.execPath, file, ...args];
  await import(pathToFileURL(file).href);
}

if (process.argv[1] && path.resolve(process.argv[1]) === at('scripts', 'setup.mjs')) {
  const [script, ...args] = process.argv.slice(2);
  await ready();
  if (script) await become(script, args);
}

// What the peers need: two virtual environments, a Go program and a Rust program, in a folder that Git ignores. Each is made again
// when what it is made from has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawnOwned } from './owned.ts';

export const FOLDER = path.resolve('test', 'foreign');
const CACHE = path.join(FOLDER, '.cache');

/** The Python of a virtual environment with the packages of `requirements-<major>.txt`. */
export function pythonOf(major: 1 | 2): string {
  const folder = path.join(CACHE, `python-${major}`);
  return process.platform === 'win32' ? path.join(folder, 'Scripts', 'python.exe') : path.join(folder, 'bin', 'python');
}

export const GO_PROGRAM = path.join(CACHE, process.platform === 'win32' ? 'foreign.exe' : 'foreign');

export const RUST_PROGRAM = path.join(CACHE, process.platform === 'win32' ? 'foreign-rust.exe' : 'foreign-rust');

/** Whether the server on the Rust SDK can be built. */
export const hasRust = (): boolean => spawnSync('cargo', ['--version']).status === 0;

/** Packages of the requirements and of go.mod with their versions. */
export function versions(): Record<'python-1' | 'python-2' | 'fastmcp-3' | 'fastmcp-4' | 'go' | 'rust', string> {
  const pinned = (major: 1 | 2, name: string): string =>
    new RegExp(`^${name}==(\\S+)`, 'm').exec(readFileSync(requirements(major), 'utf8'))?.[1] ?? '?';
  const go = /go-sdk v(\S+)/.exec(readFileSync(path.join(FOLDER, 'go', 'go.mod'), 'utf8'))?.[1] ?? '?';
  return {
    'python-1': pinned(1, 'mcp'),
    'python-2': pinned(2, 'mcp'),
    'fastmcp-3': pinned(1, 'fastmcp'),
    'fastmcp-4': pinned(2, 'fastmcp'),
    go,
    rust: /^rmcp = .*?"=([^"]+)"/m.exec(readFileSync(path.join(FOLDER, 'rust', 'Cargo.toml'), 'utf8'))?.[1] ?? '?',
  };
}

export async function install(note: (text: string) => void): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  for (const major of [1, 2] as const) {
    const made = await origin([requirements(major)], ['python3', '--version']);
    await unlessMade(`python-${major}`, made, async (folder) => {
      note(`installing ${path.basename(requirements(major))}`);
      rmSync(folder, { recursive: true, force: true });
      await must(['python3', '-m', 'venv', folder]);
      const quiet = ['--quiet', '--disable-pip-version-check'];
      await must([pythonOf(major), '-m', 'pip', 'install', ...quiet, '-r', requirements(major)]);
    });
  }
  const go = path.join(FOLDER, 'go');
  const sources = readdirSync(go).map((name) => path.join(go, name));
  await unlessMade(path.basename(GO_PROGRAM), await origin(sources, ['go', 'version']), async (file) => {
    note('building the Go peer');
    await must(['go', 'build', '-o', file, '.'], go);
  });
  if (!hasRust()) return;
  const rust = path.join(FOLDER, 'rust');
  const crate = ['Cargo.toml', 'Cargo.lock', path.join('src', 'main.rs')].map((name) => path.join(rust, name));
  await unlessMade(path.basename(RUST_PROGRAM), await origin(crate, ['cargo', '--version']), async (file) => {
    note('building the Rust peer');
    const target = path.join(CACHE, 'rust-target');
    await must(['cargo', 'build', '--locked', '--quiet', '--target-dir', target], rust);
    const suffix = process.platform === 'win32' ? '.exe' : '';
    copyFileSync(path.join(target, 'debug', `foreign${suffix}`), file);
  });
}

const requirements = (major: 1 | 2): string => path.join(FOLDER, 'python', `requirements-${major}.txt`);

async function origin(files: string[], tool: string[]): Promise<string> {
  const sum = createHash('sha256').update(`${CACHE}\0${await must(tool)}`);
  for (const file of files.sort()) sum.update(`${path.basename(file)}\0`).update(readFileSync(file));
  return sum.digest('hex');
}

async function unlessMade(name: string, from: string, make: (place: string) => Promise<void>): Promise<void> {
  const place = path.join(CACHE, name);
  const stamp = `${place}.stamp`;
  if (existsSync(place) && existsSync(stamp) && readFileSync(stamp, 'utf8') === from) return;
  rmSync(stamp, { force: true });
  await make(place);
  writeFileSync(stamp, from);
}

/** Runs a program to its end and returns what it printed. */
async function must(command: string[], cwd?: string): Promise<string> {
  const child = spawnOwned(command, { cwd, env: environment() });
  child.stdin.end();
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${said}`);
  return said;
}

/** Go has no place for its caches where nobody has a home. */
function environment(): NodeJS.ProcessEnv {
  if (process.env.HOME !== '' && process.env.HOME !== undefined) return process.env;
  return { ...process.env, GOPATH: path.join(CACHE, 'go'), GOCACHE: path.join(CACHE, 'go-build') };
}

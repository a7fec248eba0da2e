// Real hosts from npm, each with a home of its own: `install` writes their configuration, and they must say that they
// are connected.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { PROXY_BIN, privateHome, proxyEnvironment } from '../peers/proxy.ts';
import { startRecorder } from '../peers/recorder.ts';
import { startSdkV1Stateful } from '../peers/sdk-v1-stateful.ts';

const PINNED = {
  '@google/gemini-cli': '0.61.0',
  mcporter: '0.12.3',
  '@modelcontextprotocol/inspector': '2.12.0',
} as const;

const CACHE = path.resolve('test', 'hosts', '.cache');
const NODE = process.env.HOSTS_NODE ?? process.execPath;
const SECRET = 'correct-horse-battery-staple';
/** How long one command may take, in milliseconds. */
const LIMIT = 120_000;

interface Check {
  readonly name: string;
  readonly package: keyof typeof PINNED;
  /** The host that `install` knows and the file, relative to the home, that this program reads. */
  readonly host: string;
  readonly file: string;
  /** Files that the user of the host has already. */
  readonly files?: (project: string) => Readonly<Record<string, string>>;
  /** mcporter looks for the variables of Cursor's arguments in its own environment, and leaves out servers that need others. */
  readonly withoutSecret?: true;
  readonly program: string;
  readonly args: (home: string) => readonly string[];
  readonly expected: RegExp;
}

const CHECKS: readonly Check[] = [
  {
    name: 'gemini mcp list',
    package: '@google/gemini-cli',
    host: 'gemini',
    file: '.gemini/settings.json',
    // It starts no server in a folder that the user has not marked as trusted.
    files: (project) => ({ '.gemini/trustedFolders.json': JSON.stringify({ [project]: 'TRUST_FOLDER' }) }),
    program: 'gemini',
    args: () => ['mcp', 'list'],
    expected: /✓ mine: .* - Connected/,
  },
  {
    name: 'mcporter list',
    package: 'mcporter',
    host: 'cursor',
    file: '.cursor/mcp.json',
    withoutSecret: true,
    program: 'mcporter',
    args: () => ['list'],
    expected: /- mine \(\d+ tools, [\s\S]*\(1 healthy\)/,
  },
  {
    name: 'mcporter call',
    package: 'mcporter',
    host: 'codex',
    file: '.codex/config.toml',
    program: 'mcporter',
    args: () => ['call', 'mine.echo', '--args', '{"text":"hello"}'],
    expected: /hello/,
  },
  {
    name: 'mcp-inspector --cli',
    package: '@modelcontextprotocol/inspector',
    host: 'claude-desktop',
    file: `${process.platform === 'darwin' ? 'Library/Application Support' : '.config'}/Claude/claude_desktop_config.json`,
    program: 'mcp-inspector',
    args: (home) => [
      ...['--cli', '--config', path.join(home, CHECKS[3]?.file ?? ''), '--server', 'mine'],
      ...['--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'text=hello'],
    ],
    expected: /hello/,
  },
];

async function run(command: readonly string[], env: Record<string, string>, cwd: string): Promise<string> {
  const [program = '', ...args] = command;
  const options = { env, cwd, timeout: LIMIT, maxBuffer: 16 * 1_048_576 };
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, options);
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    return `${stdout}${stderr}${message}`;
  }
}

/** Installs the pinned packages, unless they are there. */
async function installPackages(): Promise<void> {
  const stamp = path.join(CACHE, 'installed.json');
  const wanted = JSON.stringify(PINNED);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stderr.write('installing the hosts …\n');
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(path.join(CACHE, 'package.json'), '{"private": true}\n');
  const names = Object.entries(PINNED).map(([name, version]) => `${name}@${version}`);
  const flags = ['--save-exact', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
  const [npm = '', ...npmArgs] = JSON.parse(process.env.HOSTS_NPM ?? '[]') as string[];
  await promisify(execFile)(npm, [...npmArgs, 'install', ...flags, ...names], { cwd: CACHE });
  writeFileSync(stamp, wanted);
}

/** The outcome of a check: undefined, or why it failed. */
async function outcome(check: Check, url: string): Promise<string | undefined> {
  const home = privateHome();
  try {
    const project = path.join(home, 'project');
    const file = path.join(home, check.file);
    for (const folder of [project, path.dirname(file)]) mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(check.files?.(project) ?? {})) writeFileSync(path.join(home, name), text);
    const env = proxyEnvironment(home);
    const own = [process.execPath, PROXY_BIN];
    const secret = check.withoutSecret ? [] : ['-H', `Authorization: Bearer ${SECRET}`];
    const flags = ['--yes', '--name', 'mine', ...secret];
    const installed = await run([...own, 'install', check.host, url, ...flags], env, project);
    if (!/^connected to /m.test(installed)) return installed;
    const program = path.join(CACHE, 'node_modules', '.bin', check.program);
    const shown = await run([NODE, program, ...check.args(home)], env, project);
    if (!check.expected.test(shown)) return shown;
    await run([...own, 'uninstall', check.host, 'mine'], env, project);
    return existsSync(file) && readFileSync(file, 'utf8').includes('mine') ? 'the entry is still there' : undefined;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

await installPackages();
const server = await startSdkV1Stateful();
const recorder = await startRecorder(server.url);
for (const check of CHECKS) {
  const seen = recorder.requests.length;
  const failure = await outcome(check, recorder.url);
  const came = recorder.requests.slice(seen);
  const expected = check.withoutSecret ? undefined : `Bearer ${SECRET}`;
  const authorized = came.length > 0 && came.every(({ headers }) => headers.authorization === expected);
  const problem = failure ?? (authorized ? undefined : 'no request came, or one without the right header');
  process.stdout.write(
    `${problem === undefined ? 'ok    ' : 'FAILED'} ${check.name}, ${check.package} ${PINNED[check.package]}\n`,
  );
  if (problem === undefined) continue;
  process.exitCode = 1;
  process.stdout.write(`${problem.trimEnd().replace(/^/gm, '  ')}\n`);
}
await recorder.close();
await server.close();

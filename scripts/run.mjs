// Starts the programs that the other scripts need, the same way on every system.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * The JavaScript file of a package's command. Run it with node, because the files in node_modules/.bin are shell
 * scripts on Windows.
 * @param {string} name
 * @param {string} [command]
 */
export function toolOf(name, command = name) {
  const folder = path.join(root, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof bin === 'string' ? bin : bin[command]);
}

/** The npm that runs this script, or the one that came with this Node: as [file, ...arguments]. */
export function npm() {
  const candidates = [
    process.env.npm_execpath ?? '',
    path.join(path.dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js'),
    path.join(path.dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js'),
  ];
  const cli = candidates.find((file) => path.basename(file) === 'npm-cli.js' && existsSync(file));
  return cli ? [process.execPath, cli] : ['npm'];
}

/**
 * Runs a program to its end and collects what it printed.
 * @param {string[]} command
 * @param {import('node:child_process').SpawnOptions} [options]
 * @param {(pid: number | undefined) => void} [started]
 * @returns {Promise<{ code: number, output: string }>} 127 when it could not be started
 */
export function capture([file = '', ...args], options = {}, started = () => {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, windowsHide: true, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    started(child.pid);
    /** @type {Buffer[]} */
    const chunks = [];
    const text = () => Buffer.concat(chunks).toString('utf8');
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => resolve({ code: 127, output: `${text()}${error.message}\n` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: text() }));
  });
}

/**
 * Runs a program that shares this terminal, without stdin.
 * @param {string[]} command
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>} its exit code
 */
export function show([file = '', ...args], options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: root,
      windowsHide: true,
      ...options,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

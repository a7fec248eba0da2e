// Shells that complete a command line, each in a folder with a few files.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Changes } from '../../peers/changes.ts';
import { PROGRAM } from '../../peers/proxy.ts';

export function hasShell(name: string): boolean {
  return process.platform !== 'win32' && spawnSync(name, ['-c', 'true']).status === 0;
}

/** What the program prints for a shell. */
export function script(shell: string): string {
  const [file, ...script] = PROGRAM;
  return execFileSync(file, [...script, 'completion', shell], { encoding: 'utf8' });
}

/** A folder with `ca.pem`, `certs/`, `client.json` and `client two.json`. */
export function folderWithFiles(): { readonly folder: string; close(): Promise<void> } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-completion-'));
  mkdirSync(path.join(folder, 'certs'));
  for (const name of ['ca.pem', 'client.json', 'client two.json']) writeFileSync(path.join(folder, name), '');
  return { folder, close: async () => rmSync(folder, { recursive: true }) };
}

const environment = (folder: string) => ({ PATH: process.env.PATH ?? '', HOME: folder, TERM: 'dumb', LC_ALL: 'C' });

/** The candidates of bash for the last word of a line, with the words as bash takes them apart. */
export function completeInBash(line: string, folder: string): string[] {
  const all = line.split(' ');
  const words = all.flatMap((word) =>
    word.split(/([=:@]+)/).filter((part, i) => part !== '' || (i === 0 && word === '')),
  );
  const [typed = ''] = /[^=:]*$/.exec(all.at(-1) ?? '') ?? [];
  const setting = `COMP_WORDS=("\${@:4}"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMP_LINE=$2; COMP_POINT=\${#COMP_LINE}`;
  const code = `eval "$1"; ${setting}; _mcp_proxy mcp-proxy "$3"; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const options = { cwd: folder, env: environment(folder), encoding: 'utf8' } as const;
  const args = ['--norc', '-c', code, 'bash', script('bash'), line, typed, ...words];
  return execFileSync('bash', args, options).split('\n').filter(Boolean).sort();
}

/** The candidates of fish, without their explanations. */
export function completeInFish(line: string, folder: string): string[] {
  const file = path.join(folder, '.completion');
  writeFileSync(file, script('fish'));
  const options = { cwd: folder, env: environment(folder), encoding: 'utf8' } as const;
  const code = `source ${file}; complete -C $argv[1]`;
  const lines = execFileSync('fish', ['--no-config', '-c', code, line], options).split('\n');
  return lines.flatMap((text) => text.split('\t')[0] || []).sort();
}

/** The command line in zsh after the user has pressed Tab: waits until the screen of a terminal matches. */
export async function completeInZsh(line: string, expected: string, folder: string): Promise<void> {
  writeFileSync(path.join(folder, '.completion'), script('zsh'));
  const child = spawn('script', ['-qec', 'exec zsh -f -i', '/dev/null'], {
    cwd: folder,
    env: { ...environment(folder), SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const changes = new Changes();
  let screen = '';
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    changes.changed();
  });
  void ended.then(() => changes.end('zsh ended'));
  const shows = (text: string): Promise<true> =>
    changes.until(
      () => screen.includes(text) || undefined,
      (reason) => `${reason} without ${text}; the screen shows:\n${screen}`,
    );
  try {
    // The result must look different from the command line that the terminal echoes.
    child.stdin.write(`autoload -U compinit; compinit -u -D; source ./.completion; print -r -- re""ady\n`);
    await shows('ready');
    child.stdin.write(`mcp-proxy ${line}\t`);
    await shows(expected);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/** What is true of this machine for an entry of a host. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Env } from '../../../../core/ports.ts';
import { ProxyError } from '../../../../errors.ts';
import type { Found } from '../../../../hosts/entries.ts';
import type { Host } from '../../../../hosts/host.ts';
import { parseArguments } from '../../../flags/args.ts';
import { explain } from '../../../flags/mistakes/explain.ts';
import { readCommand } from '../../../flags/reading/command.ts';
import { UnexplainedMistake } from '../../../flags/usage-error.ts';
import type { MachineFacts } from './entry-problems.ts';

/** Milliseconds that `node --version` may take. */
const VERSION_LIMIT = 5_000;

/** The largest file that an argument may name, in bytes. */
const LARGEST_FILE = 1_048_576;

/** Where programs of the desktop find commands: what launchd and login managers set. Windows has one PATH for all. */
const DESKTOP: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['/usr/bin', '/bin', '/usr/sbin', '/sbin'],
  linux: ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', '/snap/bin'],
};

/** Placeholders that hosts fill in themselves. */
const OF_HOSTS = /\$\{(?:input|workspace\w*|userHome|file\w*|pathSeparator|\/)[^}]*\}/g;

/** @param isOwn whether this user wrote the entry. That of a project may come from anybody, so nothing of it is started. */
export async function factsOf(
  found: Found,
  args: readonly string[],
  host: Host,
  { isOwn }: { readonly isOwn: boolean },
): Promise<MachineFacts & { readonly secrets: readonly string[] }> {
  const [command = ''] = found.words;
  return {
    exists: existsSync,
    isAbsolute: path.isAbsolute,
    folderOf: folderInPath,
    desktop: DESKTOP[process.platform],
    nodeVersion: isOwn ? await versionOf(command) : undefined,
    ...readArguments(
      args.map((arg) => arg.replace(OF_HOSTS, 'x')),
      environmentOf(found, host),
    ),
  };
}

/** The variables that the program will have, as far as this shell has those of the host. */
function environmentOf({ env, inherited }: Found, { inherits }: Host): Env {
  if (inherits === 'all') return { ...process.env, ...env };
  const own = inherited.map((name) => [name, process.env[name]] as const);
  return { PATH: process.env.PATH, HOME: process.env.HOME, ...Object.fromEntries(own), ...env };
}

/** Reads the arguments as a start does, without one: what is wrong with them, or else their secrets. */
function readArguments(
  args: readonly string[],
  env: Env,
): Pick<MachineFacts, 'mistake'> & { readonly secrets: readonly string[] } {
  try {
    const action = parseArguments(args, env, readPlainFile);
    const more = action.kind === 'run-command' ? readCommand(action, env).secrets : [];
    return { mistake: undefined, secrets: 'secrets' in action ? [...action.secrets, ...more] : [] };
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    const { message, data } = error instanceof UnexplainedMistake ? explain(error) : error;
    return { mistake: { message, hint: data.hint }, secrets: [] };
  }
}

/** A project's entry may name anything: a device has no end, and a pipe may never have a beginning. */
function readPlainFile(file: string): string {
  const stats = statSync(file);
  if (!stats.isFile() || stats.size > LARGEST_FILE) throw Object.assign(new Error(file), { code: 'EINVAL' });
  return readFileSync(file, 'utf8');
}

/** The folder of PATH of this shell that has a program. */
export function folderInPath(program: string): string | undefined {
  const endings = process.platform === 'win32' ? ['', ...(process.env.PATHEXT ?? '.EXE;.CMD').split(';')] : [''];
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .find((folder) => endings.some((ending) => isProgram(path.join(folder, program + ending))));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The version of Node; undefined for another program, which is not started. */
function versionOf(command: string): Promise<string | undefined> {
  const isNode = /^node(?:\.exe)?$/.test(path.isAbsolute(command) ? path.basename(command) : command);
  if (!isNode || command === process.execPath) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    execFile(
      command,
      ['--version'],
      { timeout: VERSION_LIMIT, maxBuffer: 1_024, windowsHide: true },
      (error, stdout) => {
        const version = stdout.trim();
        resolve(error || !/^v\d+\.\d+\.\d+$/.test(version) ? undefined : version);
      },
    );
  });
}

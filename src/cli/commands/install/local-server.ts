/** The command of a local server as an entry has it, and whether its program is there. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { StdioServer } from '../../../config.ts';
import type { Env } from '../../../core/ports.ts';
import { lookForProgram } from '../../../platform/processes/find.ts';
import { obstacleOf } from '../../../platform/processes/obstacle.ts';
import { serverEnvironment } from '../../../upstream/stdio/environment.ts';
import { startFailure } from '../../../upstream/stdio/start-failure.ts';
import { readLocal } from '../../flags/args.ts';
import { readCommand } from '../../flags/reading/command.ts';
import { Flags } from '../../flags/words.ts';

/** The folder of --cwd as a full path: hosts start programs in folders of their own. */
export function withFullFolder(flags: Flags): Flags {
  const full = new Flags();
  for (const [option, values] of flags.all) {
    const isFolder = option.name === 'cwd';
    for (const value of values) full.add(option, isFolder ? path.resolve(String(value)) : value);
  }
  return full;
}

/** A program that is given by its path, as a full one: the server would start in `cwd`. Other programs are found in PATH. */
export function withFullPath([program = '', ...args]: readonly string[], cwd = process.cwd()): readonly string[] {
  const isPath = program.includes('/') || (process.platform === 'win32' && program.includes('\\'));
  return [isPath ? path.resolve(cwd, program) : program, ...args];
}

/** Reads the flags as a start does. Throws a usage error. */
export function readLocalServer(
  command: readonly string[],
  flags: Flags,
  env: Env,
): { readonly server: StdioServer; readonly secrets: readonly string[] } {
  const given = readLocal(command, flags, env, (file) => readFileSync(file, 'utf8'));
  const { config, secrets } = readCommand(given, env);
  return { server: config.servers[0] as StdioServer, secrets };
}

/** Rejects with a ProxyError when the program cannot be started. */
export async function checkProgram(server: StdioServer, env: Env): Promise<void> {
  const { command, args, cwd } = server;
  const program = { command, args, cwd, env: serverEnvironment(env, server) };
  const missing = await lookForProgram(program);
  if (missing) throw startFailure(program, obstacleOf(program), missing);
}

/** What to say of arguments that name files of this folder, where the host may start the server in another one. */
export function noteOnFiles({ args, cwd }: StdioServer): readonly string[] {
  if (cwd !== undefined) return [];
  const file = args.find((arg) => !arg.startsWith('-') && !path.isAbsolute(arg) && isFile(arg));
  if (file === undefined) return [];
  return [`the command names a file of this folder, and the host may start it in another one: add --cwd . before --`];
}

function isFile(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isFile() ?? false;
}

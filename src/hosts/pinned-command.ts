/**
 * How a host starts this program: an absolute command, because hosts have another PATH than shells, and never one that
 * downloads anything.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { isSingleExecutable } from '../platform/restart-command.ts';

export interface PinnedCommand {
  readonly command: string;
  /** What comes before the program's own arguments. */
  readonly args: readonly string[];
  /** What may make the command fail one day, and how to avoid that. */
  readonly warning: string | undefined;
}

/** What this process was started with. */
export interface StartedWith {
  /** The executable of Node, or this program as a single executable. */
  readonly execPath: string;
  /** The script; undefined in a single executable. */
  readonly script: string | undefined;
  readonly path: string | undefined;
}

/** This process. A single executable has its own path in place of the script. */
export function runningProgram(): StartedWith {
  return {
    execPath: process.execPath,
    script: isSingleExecutable() ? undefined : process.argv[1],
    path: process.env.PATH,
  };
}

/** @param resolve the target of a link; throws where there is no file */
export function pinnedCommand(
  { execPath, script, path: searched }: StartedWith,
  resolve: (file: string) => string = realpathSync,
): PinnedCommand {
  const command = stable(execPath, searched, resolve);
  if (script === undefined) return { command, args: [], warning: undefined };
  const file = resolve(script);
  const isTemporary = /[\\/]_npx[\\/]|[\\/]dlx-|[\\/]pnpm[\\/]dlx[\\/]/.test(file);
  return {
    command,
    args: [file],
    warning: isTemporary
      ? 'this copy of mcp-proxy is in a cache that npm may delete; npm install -g @mikluko/mcp-proxy installs one that stays'
      : undefined,
  };
}

/**
 * A link in PATH to the same executable, if there is one: package managers keep the link and replace the folder of the
 * version that it leads to.
 */
function stable(execPath: string, searched: string | undefined, resolve: (file: string) => string): string {
  const name = path.basename(execPath);
  for (const folder of (searched ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder) || isOfOneVersion(folder)) continue;
    const link = path.join(folder, name);
    try {
      if (resolve(link) === resolve(execPath)) return link;
    } catch {
      // There is no such file.
    }
  }
  return execPath;
}

/** Folders that version managers make for one shell, or for one version. */
function isOfOneVersion(folder: string): boolean {
  return /fnm_multishells|[\\/]\.?nvm[\\/]|[\\/]Cellar[\\/]|[\\/]versions?[\\/]|[\\/]node_modules[\\/]/.test(folder);
}

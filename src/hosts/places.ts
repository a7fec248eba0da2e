/** Where the configuration of a host is on this machine. */
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Env } from '../core/ports.ts';
import type { Host, Location } from './host.ts';

/** What places depend on. */
export interface Machine {
  readonly env: Env;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

export interface FoundPlace {
  readonly file: string;
  /** The folder that links in the path must not lead out of. */
  readonly base: string;
  /** The folder that exists once the host is installed. */
  readonly folder: string;
}

/** The user's configuration: the file that exists, else the one whose folder exists, else the usual one. */
export function userPlace(host: Host, machine: Machine): FoundPlace {
  const { override } = host;
  const named = override && machine.env[override.variable];
  if (override && named) {
    const file = path.resolve(named, override.file);
    const folder = override.file === '' ? path.dirname(file) : path.resolve(named);
    return { file, folder, base: folder };
  }
  const locations = host.user[machine.platform as 'darwin' | 'win32'] ?? host.user.other;
  const places = locations.flatMap((location) => placesOf(location, machine));
  const found =
    places.find(({ file }) => existsSync(file)) ?? places.find(({ folder }) => existsSync(folder)) ?? places[0];
  // Every host has a location without wildcards.
  return found as FoundPlace;
}

/** The configuration of the project in a folder; undefined when the host has none for projects. */
export function projectPlace({ project }: Host, folder: string): FoundPlace | undefined {
  const files = project?.map((name) => path.join(folder, name));
  const file = files?.find((name) => existsSync(name)) ?? files?.[0];
  return file === undefined ? undefined : { file, base: folder, folder };
}

/** Whether there is a sign of the host: its configuration, its folder, or a program in PATH. */
export function isInstalled(host: Host, { file, folder }: FoundPlace, machine: Machine): boolean {
  return existsSync(file) || existsSync(folder) || host.programs.some((name) => isInPath(name, machine));
}

function placesOf({ folder, file }: Location, machine: Machine): FoundPlace[] {
  const [, variable = '', rest = ''] = /^\{(\w+)\}\/(.*)$/.exec(folder) ?? [];
  const base = baseFolder(variable, machine);
  if (base === undefined) return [];
  return matching(base, rest.split('/')).map((found) => ({ folder: found, file: path.join(found, file), base }));
}

function baseFolder(variable: string, { env, platform, home }: Machine): string | undefined {
  const xdg = env.XDG_CONFIG_HOME;
  // A relative XDG_CONFIG_HOME is invalid and ignored (XDG Base Directory Specification).
  const standard = xdg && path.isAbsolute(xdg) ? xdg : path.join(home, '.config');
  switch (variable) {
    case 'home':
      return home;
    case 'xdg':
      return standard;
    case 'local':
      return env.LOCALAPPDATA || path.join(home, 'AppData', 'Local');
    default:
      if (platform === 'win32') return env.APPDATA || path.join(home, 'AppData', 'Roaming');
      return platform === 'darwin' ? path.join(home, 'Library', 'Application Support') : standard;
  }
}

/** The folder below `base`, or every folder that exists and matches where a part has a `*`. */
function matching(base: string, parts: readonly string[]): string[] {
  let found = [base];
  for (const part of parts) {
    if (!part.includes('*')) {
      found = found.map((folder) => path.join(folder, part));
      continue;
    }
    const [before = '', after = ''] = part.split('*');
    found = found.flatMap((folder) =>
      namesIn(folder)
        .filter((name) => name.startsWith(before) && name.endsWith(after))
        .map((name) => path.join(folder, name)),
    );
  }
  return found;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function isInPath(name: string, { env, platform }: Machine): boolean {
  const folders = (env.PATH ?? env.Path ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const endings = platform === 'win32' ? (env.PATHEXT ?? '.EXE;.CMD').split(';') : [''];
  return folders.some((folder) => endings.some((ending) => isExecutable(path.join(folder, name + ending))));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The folder for data that users may delete at any time. */

import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Env } from '../core/ports.ts';

/** The cache folder on this operating system, or undefined if this user has none. Creates nothing. */
export function cacheFolder(
  env: Env,
  platform: NodeJS.Platform = process.platform,
  homeFolder: () => string = homedir,
): string | undefined {
  try {
    return folderIn(env, platform, homeFolder);
  } catch {
    // A user without a home folder: containers run programs under user ids that are not registered.
    return undefined;
  }
}

function folderIn(env: Env, platform: NodeJS.Platform, home: () => string): string {
  switch (platform) {
    case 'darwin':
      return join(home(), 'Library', 'Caches', 'mcp-proxy');
    case 'win32':
      return join(env.LocalAppData || env.LOCALAPPDATA || join(home(), 'AppData', 'Local'), 'mcp-proxy');
    default: {
      // A relative XDG_CACHE_HOME is invalid and ignored (XDG Base Directory Specification).
      const base = env.XDG_CACHE_HOME;
      return join(base && isAbsolute(base) ? base : join(home(), '.cache'), 'mcp-proxy');
    }
  }
}

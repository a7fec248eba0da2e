/** Where nobody can look at a browser, users sign in elsewhere, and often into another folder than this program reads. */
import { browserCommand } from './browser.ts';

/** Says which folder counts, for the hint of an error; nothing where a browser can be opened. */
export function storeHint(
  env: Readonly<Record<string, string | undefined>>,
  folder: string | undefined,
  platform: NodeJS.Platform = process.platform,
): string {
  if (browserCommand(env, platform, env.WSL_DISTRO_NAME !== undefined) !== undefined) return '';
  if (folder === undefined) return '; this user has no folder for sign-ins, so they end with the process';
  const variable = platform === 'darwin' ? 'HOME' : platform === 'win32' ? 'LocalAppData' : 'XDG_CACHE_HOME or HOME';
  return (
    `; this program reads sign-ins from ${folder}: run mcp-proxy login with the same ${variable}, ` +
    'and in the container itself, not during docker build'
  );
}

/** On a machine without a browser, users sign in elsewhere, and often store the sign-in in a folder that this program does not read. */
import { browserCommand } from '../../platform/browser.ts';

/** The part of a hint that says which folder counts; empty when a browser can be opened. */
export function storeHint(
  env: Readonly<Record<string, string | undefined>>,
  folder: string | undefined,
  platform: NodeJS.Platform = process.platform,
): string {
  if (browserCommand(env, env.WSL_DISTRO_NAME === undefined ? platform : 'wsl') !== undefined) return '';
  if (folder === undefined) return '; this user has no folder for sign-ins, so they end with the process';
  const variable = platform === 'darwin' ? 'HOME' : platform === 'win32' ? 'LocalAppData' : 'XDG_CACHE_HOME or HOME';
  return (
    `; this program reads sign-ins from ${folder}: run mcp-proxy login with the same ${variable}, ` +
    'and in the container itself, not during docker build'
  );
}

/** Additions to the hint about an unfinished sign-in. */

import type { AuthConfig } from '../../config.ts';
import type { Env } from '../../core/ports.ts';
import { browserCommand } from '../../platform/browser.ts';

/** An authorization server reports an unknown client only to the browser, so only the user can see it. */
export function errorPageHint({ clientInfo }: Pick<AuthConfig, 'clientInfo'>): string {
  if (clientInfo === undefined) return '';
  return '; if the page shows an error instead, check client_id and redirect_uris in --static-oauth-client-info';
}

/**
 * The part that names the folder of sign-ins; empty when a browser can be opened. On a machine without one, users sign
 * in elsewhere, and often store the sign-in in a folder that this program does not read.
 */
export function storeHint(env: Env, folder: string | undefined, platform: NodeJS.Platform = process.platform): string {
  if (browserCommand(env, env.WSL_DISTRO_NAME === undefined ? platform : 'wsl') !== undefined) return '';
  if (folder === undefined) return '; this user has no folder for sign-ins, so they end with the process';
  const variable = platform === 'darwin' ? 'HOME' : platform === 'win32' ? 'LocalAppData' : 'XDG_CACHE_HOME or HOME';
  return `; or run mcp-proxy login URL with the same ${variable}: this program reads sign-ins from ${folder}`;
}

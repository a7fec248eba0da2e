/** The flag to type to give this program a client that the user has registered. */
import type { AuthConfig } from '../../config.ts';

const FLAG = '--static-oauth-client-info';

/**
 * @param redirectUri the redirect URI to register for the client; the device grant needs none.
 * @param platform Windows shells remove the quotes from JSON, so there the hint uses a file.
 */
export function clientHint(
  { grant }: Pick<AuthConfig, 'grant'>,
  redirectUri: string,
  platform: NodeJS.Platform = process.platform,
): string {
  const redirects = grant === 'browser';
  const json = JSON.stringify({ client_id: 'ID', ...(redirects && { redirect_uris: [redirectUri] }) });
  const what = redirects ? `a client with the redirect URI ${redirectUri}` : 'a client';
  const isQuotable = platform !== 'win32' && !json.includes("'");
  const flag = isQuotable ? `${FLAG} '${json}'` : `${FLAG} @client.json, a file that holds ${json}`;
  return `register ${what} there, then add ${flag}`;
}

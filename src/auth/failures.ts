/** What a failed sign-in or refresh means to the user, and how long nothing is tried again after it. */
import type { AuthConfig } from '../config.ts';
import { showUrl } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';
import { OAuthError } from './oauth/library.ts';
import { refusalHint } from './oauth/refusal-hint.ts';
import { TokenEndpointFailure } from './oauth/tokens.ts';

/** How long nothing is asked of an authorization server that fails, in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [5_000, 300_000];

/** A user did not agree, or did not come: no trouble of anybody's, and no reason to wait before the next one is asked. */
export class UserSaidNo extends ProxyError {}

/** Errors that say of a request how it failed, and not what it was for. */
const OF_A_REQUEST: ReadonlySet<string> = new Set(['unreachable', 'timeout', 'failed']);

/** What an authorization server has answered, or that it has not, as an error of this program; any other error as it is. */
export function explained(error: unknown, server: URL, config: AuthConfig): Error {
  const failed = `the sign-in to ${showUrl(server)} failed: `;
  if (error instanceof ProxyError && OF_A_REQUEST.has(error.code) && !error.message.startsWith(failed)) {
    return new ProxyError(error.code, failed + error.message, error.data, error);
  }
  if (!(error instanceof OAuthError)) return error as Error;
  const retryAfter = error instanceof TokenEndpointFailure ? error.retryAfter : undefined;
  const hint = refusalHint(error, config);
  const data = { ...(retryAfter !== undefined && { retryAfter }), ...(hint !== undefined && { hint }) };
  return new ProxyError('unauthorized', failed + error.message, data, error);
}

/** How long nothing is asked after so many failures in a row; milliseconds. */
export function pauseAfter(failures: number, error: Error): number {
  const asked = error instanceof ProxyError ? error.data.retryAfter : undefined;
  return asked !== undefined ? asked * 1000 : Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE);
}

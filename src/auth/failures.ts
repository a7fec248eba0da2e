/** What a failed sign-in or refresh means to the user, and how long the proxy waits before it tries again. */
import type { AuthConfig } from '../config.ts';
import { showUrl } from '../core/redact.ts';
import { ProxyError, unsent } from '../errors.ts';
import { OAuthError } from './oauth/library.ts';
import { refusalHint } from './oauth/refusal-hint.ts';

/** How long the proxy leaves a failing authorization server alone, in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [5_000, 300_000];

/** The user declined, or did not respond in time. The servers work, so the next request may ask again at once. */
export class UserDidNotSignIn extends ProxyError {}

/** Codes of errors that say how a request failed, but not what it was for. */
const OF_A_REQUEST: ReadonlySet<string> = new Set(['unreachable', 'timeout', 'failed']);

/** Turns a failure of the authorization server into an error of this program; returns any other error unchanged. */
export function asProxyError(error: unknown, server: URL, config: AuthConfig): Error {
  const failed = `the sign-in to ${showUrl(server)} failed: `;
  if (error instanceof ProxyError && OF_A_REQUEST.has(error.code) && !error.message.startsWith(failed)) {
    // Only the request of the sign-in may have run.
    return unsent(new ProxyError(error.code, failed + error.message, error.data, error)) as ProxyError;
  }
  if (!(error instanceof OAuthError)) return error as Error;
  const { retryAfter } = error;
  const hint = refusalHint(error, config);
  const data = { ...(retryAfter !== undefined && { retryAfter }), ...(hint !== undefined && { hint }) };
  return new ProxyError('unauthorized', failed + error.message, data, error);
}

/** How long the proxy waits after this many failures in a row, in milliseconds. */
export function pauseAfter(failures: number, error: Error): number {
  const asked = error instanceof ProxyError ? error.data.retryAfter : undefined;
  return asked !== undefined ? asked * 1000 : Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE);
}

/**
 * Refreshes tokens in a separate process. A server that rotates refresh tokens revokes the old one the moment it
 * answers, so a host that kills the proxy at that moment would cost the user the whole sign-in. Hosts do not know of
 * this process, so they do not kill it.
 */
import type { ErrorCode, ErrorData, ProxyError } from '../../errors.ts';

/** The serial of the credentials to refresh. If it is set, the program does that and nothing else. */
export const REFRESH_SERIAL = 'MCP_PROXY_RENEW_SERIAL';

export interface Report {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: ErrorData;
}

export function reportOf(error: ProxyError): string {
  const report: Report = { code: error.code, message: error.message, data: error.data };
  return JSON.stringify(report);
}

/**
 * Renewing tokens in a process of its own. A server that rotates refresh tokens takes the old
 * one back the moment it answers; a host that kills the proxy at that moment would cost the
 * user the whole sign-in. Nobody knows of this process, so nobody kills it.
 */
import type { ErrorCode, ErrorData, ProxyError } from '../../errors.ts';

/** Names the credentials that are to be renewed; its presence makes the program do that and nothing else. */
export const RENEWAL = 'MCP_PROXY_RENEW_SERIAL';

export interface Report {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: ErrorData;
}

export function reportOf(error: ProxyError): string {
  const report: Report = { code: error.code, message: error.message, data: error.data };
  return JSON.stringify(report);
}
